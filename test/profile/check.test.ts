import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/asn1/bytes.ts'
import { buildProfilePackage } from '../../src/profile/build.ts'
import { checkProfilePackage } from '../../src/profile/check.ts'
import type { ElementKind, ElementValue } from '../../src/profile/elements/profile-element.ts'
import { createElement, decodeProfilePackage, type ProfilePackage } from '../../src/profile/package.ts'
import { readTs48, TS48_NAMES, ts48Missing, ts48Reason } from './ts48.ts'

const good = buildProfilePackage({
  iccid: '89999011234567890123',
  imsi: '999010000000123',
  algorithm: { name: 'milenage', k: new Uint8Array(16).fill(1), opc: new Uint8Array(16).fill(2) },
  serviceProviderName: 'Example Mobile',
  random: length => new Uint8Array(length).fill(0x5a),
})
/** The valid package with the first element of a kind changed. */
const changed = <K extends ElementKind>(kind: K, change: (value: ElementValue<K>) => unknown): ProfilePackage => {
  const index = good.elements.findIndex(element => element.kind === kind)
  const value = change(good.elements[index]!.value as ElementValue<K>) as ElementValue<K>
  return { elements: good.elements.with(index, createElement(kind, value)) }
}
const without = (...kinds: readonly string[]): ProfilePackage => ({
  elements: good.elements.filter(({ kind }) => !kinds.includes(kind)),
})
const rulesOf = (pkg: ProfilePackage): readonly string[] =>
  checkProfilePackage(pkg).map(({ rule, severity }) => `${severity} ${rule}`)

describe('checkProfilePackage', () => {
  it('checkProfilePackage finds nothing in our profile', () => {
    expect(checkProfilePackage(good)).toEqual([])
  })

  it.skipIf(ts48Missing).each(TS48_NAMES)(`checkProfilePackage finds no error in %s${ts48Reason}`, name => {
    const errors = checkProfilePackage(decodeProfilePackage(readTs48(name))).filter(f => f.severity === 'error')
    expect(errors).toEqual([])
  })

  it.each<[string, ProfilePackage, string]>([
    ['a missing header', { elements: good.elements.slice(1) }, 'error element-order'],
    ['a missing end', { elements: good.elements.slice(0, -1) }, 'error element-order'],
    [
      'a number used twice',
      changed('rfm', v => ({ ...v, 'rfm-header': { identification: 1 } })),
      'error identification',
    ],
    ['a version that no card knows', changed('header', v => ({ ...v, 'major-version': 4 })), 'error version'],
    [
      'an ICCID with letters',
      changed('header', v => ({ ...v, iccid: fromHex('89abcdef012345678901') })),
      'error iccid',
    ],
    [
      'an ICCID that fails Luhn',
      changed('header', v => ({ ...v, iccid: fromHex('89999011234567890124') })),
      'warning iccid',
    ],
    [
      'a service not stated',
      changed('header', v => ({ ...v, 'eUICC-Mandatory-services': { usim: null } })),
      'warning mandatory-services',
    ],
    ['a template not listed', changed('header', v => ({ ...v, 'eUICC-Mandatory-GFSTEList': [] })), 'warning templates'],
    ['an unknown template', changed('telecom', v => ({ ...v, templateID: '2.23.143.1.2.99' })), 'error templates'],
    ['no security domain', without('securityDomain'), 'warning mandatory-elements'],
    ['no algorithm', without('akaParameter'), 'error algorithm'],
    [
      'an ICCID that differs from the header',
      changed('mf', v => ({ ...v, 'ef-iccid': [{ fillFileContent: new Uint8Array(10) }] })),
      'error installs',
    ],
    ['no IMSI', changed('usim', v => ({ ...v, 'ef-imsi': [{ fillFileContent: new Uint8Array(9) }] })), 'error imsi'],
    [
      'a PUK of letters',
      changed('pukCodes', v => ({
        ...v,
        pukCodes: v.pukCodes.map(p => ({ ...p, pukValue: new Uint8Array(8).fill(0x41) })),
      })),
      'error pin-format',
    ],
    [
      'an EF.DIR that lists nothing',
      changed('mf', v => ({
        ...v,
        'ef-dir': [{ fileDescriptor: { fileDescriptor: fromHex('42210026'), efFileSize: fromHex('26') } }],
      })),
      'error ef-dir',
    ],
    [
      'an empty EF.ARR',
      changed('telecom', v => ({
        ...v,
        'ef-arr': [{ fileDescriptor: { fileDescriptor: fromHex('42210026'), efFileSize: fromHex('26') } }],
      })),
      'warning access-rules',
    ],
    [
      'a service without its file',
      changed('opt-usim', v => ({ ...v, 'ef-msisdn': undefined })),
      'warning service-table',
    ],
  ])('checkProfilePackage finds %s', (_name, pkg, expected) => {
    expect(rulesOf(pkg)).toContain(expected)
  })
})

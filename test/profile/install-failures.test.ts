import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/asn1/bytes.ts'
import { buildProfilePackage } from '../../src/profile/build.ts'
import type { ElementKind, ElementValue, ServiceName } from '../../src/profile/elements/profile-element.ts'
import { ProfileError } from '../../src/profile/error.ts'
import { installProfile, SUPPORTED_SERVICES } from '../../src/profile/install.ts'
import {
  createElement,
  decodeProfilePackage,
  encodeProfilePackage,
  type ProfilePackage,
} from '../../src/profile/package.ts'
import { readTs48, TS48_NAMES, ts48Missing, ts48Reason } from './ts48.ts'

const good = buildProfilePackage({
  iccid: '89999011234567890123',
  imsi: '999010000000123',
  algorithm: { name: 'milenage', k: new Uint8Array(16).fill(1), opc: new Uint8Array(16).fill(2) },
  serviceProviderName: 'Example Mobile',
  random: length => new Uint8Array(length).fill(0x5a),
})
const capabilities = { services: new Set(SUPPORTED_SERVICES), freeMemory: 100_000 }
const indexOf = (kind: ElementKind): number => good.elements.findIndex(element => element.kind === kind)
const changed = <K extends ElementKind>(kind: K, change: (value: ElementValue<K>) => unknown): ProfilePackage => {
  const value = change(good.elements[indexOf(kind)]!.value as ElementValue<K>) as ElementValue<K>
  return { elements: good.elements.with(indexOf(kind), createElement(kind, value)) }
}
/** The valid package with another element before its end. */
const extended = <K extends ElementKind>(kind: K, value: unknown): ProfilePackage => ({
  elements: good.elements.toSpliced(-1, 0, createElement(kind, value as ElementValue<K>)),
})
const header = (identification: number, mandated = true) => ({ identification, ...(mandated && { mandated: null }) })
const gfm = (...commands: readonly unknown[]): ProfilePackage =>
  extended('genericFileManagement', { 'gfm-header': header(90), fileManagementCMD: [commands] })
const aka = (change: Record<string, unknown>): ProfilePackage =>
  changed('akaParameter', v => ({
    ...v,
    algoConfiguration: { algoParameter: { ...v.algoConfiguration.algoParameter, ...change } },
  }))

describe('installProfile rejects a profile', () => {
  it.each<[string, ProfilePackage, string, number?]>([
    [
      'of another format version',
      changed('header', v => ({ ...v, 'major-version': 1 })),
      'unsupported-profile-version',
    ],
    [
      'that needs a service it lacks',
      changed('header', v => ({ ...v, 'eUICC-Mandatory-services': { contactless: null } })),
      'feature-not-supported',
    ],
    [
      'that needs a runtime it lacks',
      changed('header', v => ({ ...v, 'eUICC-Mandatory-services': { multos: null } })),
      'runtime-not-supported',
    ],
    [
      'that needs a library it lacks',
      changed('header', v => ({
        ...v,
        'eUICC-Mandatory-AIDs': [{ aid: fromHex('a000000001'), version: fromHex('0100') }],
      })),
      'lib-not-supported',
    ],
    [
      'that needs a template it lacks',
      changed('header', v => ({ ...v, 'eUICC-Mandatory-GFSTEList': ['2.23.143.1.2.77'] })),
      'template-not-supported',
    ],
    ['with an unknown template', changed('telecom', v => ({ ...v, templateID: '1.2.3' })), 'template-not-supported', 4],
    [
      'with a template of another element',
      changed('telecom', v => ({ ...v, templateID: '2.23.143.1.2.4' })),
      'bad-values',
      4,
    ],
    [
      'whose PIN has no PUK',
      changed('pukCodes', v => ({ ...v, pukCodes: v.pukCodes.slice(1) })),
      'pin-code-missing',
      3,
    ],
    [
      'whose PIN is local in the MF',
      changed('pinCodes', v => ({
        ...v,
        pinCodes: { pinconfig: [{ keyReference: 0x81, pinValue: new Uint8Array(8) }] },
      })),
      'bad-values',
      3,
    ],
    ['with a Milenage key of 15 bytes', aka({ key: new Uint8Array(15) }), 'bad-values', 8],
    ['with an algorithm of the future', aka({ algorithmID: 9 }), 'feature-not-supported', 8],
    [
      'with an algorithm mapped to an application that is not there',
      changed('akaParameter', v => ({
        ...v,
        algoConfiguration: {
          mappingParameter: { mappingOptions: fromHex('00'), mappingSource: fromHex('a0000000871004') },
        },
      })),
      'bad-values',
      8,
    ],
    [
      'with more content than the file holds',
      changed('usim', v => ({ ...v, 'ef-acc': [{ fillFileContent: new Uint8Array(3) }] })),
      'bad-values',
      5,
    ],
    [
      'with records that do not fill the file',
      changed('usim', v => ({
        ...v,
        'ef-fdn': [{ fileDescriptor: { fileDescriptor: fromHex('4221001c'), efFileSize: fromHex('30') } }],
      })),
      'bad-values',
      5,
    ],
    [
      'with an EF.ICCID of its own',
      changed('mf', v => ({ ...v, 'ef-iccid': [{ fillFileContent: new Uint8Array(10) }] })),
      'bad-values',
      14,
    ],
    [
      'with a file created twice',
      gfm(
        { filePath: fromHex('') },
        {
          createFCP: {
            fileDescriptor: fromHex('4121'),
            fileID: fromHex('2f05'),
            efFileSize: fromHex('02'),
            securityAttributesReferenced: fromHex('01'),
          },
        },
      ),
      'bad-values',
      90,
    ],
    ['with a path that leads nowhere', gfm({ filePath: fromHex('7f99') }), 'bad-values', 90],
    ['that fills no file', gfm({ fillFileContent: fromHex('00') }), 'bad-values', 90],
    [
      'with a link that leads nowhere',
      gfm({
        createFCP: {
          fileDescriptor: fromHex('4121'),
          fileID: fromHex('2f77'),
          linkPath: fromHex('7f998888'),
          securityAttributesReferenced: fromHex('01'),
        },
      }),
      'bad-values',
      90,
    ],
    [
      'with a mandated element it does not know',
      extended('nonStandard', { 'nonStandard-header': header(91), issuerID: '1.2.3', content: fromHex('') }),
      'pe-not-supported',
      91,
    ],
    ['without an end', { elements: good.elements.slice(0, -1) }, 'invalid-request-format'],
    ['with two headers', { elements: good.elements.toSpliced(3, 0, good.elements[0]!) }, 'invalid-request-format'],
  ])('%s', (_name, pkg, status, identification) => {
    const outcome = installProfile(pkg, capabilities)
    expect(outcome.profile).toBeUndefined()
    expect(outcome.response).toEqual({
      peStatus: [{ status, ...(identification !== undefined && { identification }) }],
      profileInstallationAborted: null,
    })
    expect('reason' in outcome && outcome.reason).toBeTruthy()
  })

  it('installProfile rejects a profile above the free memory and accepts one that fits exactly', () => {
    const { memory } = installProfile(good, capabilities).profile!
    expect(installProfile(good, { ...capabilities, freeMemory: memory }).profile?.memory).toBe(memory)
    const outcome = installProfile(good, { ...capabilities, freeMemory: memory - 1 })
    expect(outcome.response.peStatus[0]?.status).toBe('not-enough-memory')
  })

  it.each<ServiceName>(['usim', 'milenage'])(
    'installProfile rejects a profile that uses %s without stating the service if the card lacks it',
    service => {
      const services = new Set(SUPPORTED_SERVICES.filter(name => name !== service))
      expect(installProfile(good, { ...capabilities, services }).response.peStatus[0]?.status).toBe(
        'feature-not-supported',
      )
    },
  )
})

describe('installProfile accepts a profile', () => {
  it('installProfile skips an unsupported element that is not mandated, and reports it', () => {
    const value = { 'nonStandard-header': header(91, false), issuerID: '1.2.3', content: fromHex('') }
    const { profile, response } = installProfile(extended('nonStandard', value), capabilities)
    expect(profile).toBeDefined()
    expect(response).toEqual({ peStatus: [{ status: 'ok' }, { status: 'pe-not-supported', identification: 91 }] })
  })

  it('installProfile creates directories and files one by one, fills them with gaps, and links them', () => {
    const fcp = { securityAttributesReferenced: fromHex('2f060a') }
    const { profile } = installProfile(
      gfm(
        {
          createFCP: {
            ...fcp,
            fileDescriptor: fromHex('7821'),
            fileID: fromHex('7f66'),
            pinStatusTemplateDO: fromHex('010a'),
          },
        },
        {
          createFCP: {
            ...fcp,
            fileDescriptor: fromHex('4121'),
            fileID: fromHex('6f02'),
            efFileSize: fromHex('08'),
            proprietaryEFInfo: { fillPattern: fromHex('0102') },
          },
        },
        { fillFileOffset: 3 },
        { fillFileContent: fromHex('aabb') },
        { fillFileOffset: 1 },
        { fillFileContent: fromHex('cc') },
        {
          createFCP: {
            ...fcp,
            fileDescriptor: fromHex('42210003'),
            fileID: fromHex('6f03'),
            efFileSize: fromHex('06'),
            proprietaryEFInfo: { repeatPattern: fromHex('0102') },
          },
        },
        {
          createFCP: {
            ...fcp,
            fileDescriptor: fromHex('4121'),
            fileID: fromHex('6f04'),
            shortEFID: fromHex(''),
            linkPath: fromHex('7f666f02'),
          },
        },
        { filePath: fromHex('7f666f02') },
        { fillFileOffset: 7 },
        { fillFileContent: fromHex('dd') },
      ),
      capabilities,
    )
    const at = (fid: string) => profile!.files.get(`3f00/7f66/${fid}`)!
    expect([...at('6f02').initialContent]).toEqual([1, 2, 2, 0xaa, 0xbb, 2, 0xcc, 0xdd])
    expect([...at('6f03').initialContent]).toEqual([1, 2, 1, 1, 2, 1])
    expect(at('6f02')).toMatchObject({ sfi: 2, size: 8 })
    expect(at('6f04')).toMatchObject({ sfi: undefined, contentKey: '3f00/7f66/6f02' })
  })

  it('installProfile does not create files with doNotCreate', () => {
    const pkg = changed('usim', v => ({ ...v, 'ef-netpar': [{ doNotCreate: null }] }))
    const keys = (p: ProfilePackage) => [...installProfile(p, capabilities).profile!.files.keys()]
    expect(keys(good)).toContain('3f00/7fd0/6fc4')
    expect(keys(pkg)).not.toContain('3f00/7fd0/6fc4')
  })
})

describe('installProfile with a damaged package', () => {
  const samples = [
    ...(ts48Missing ? [] : TS48_NAMES.map(name => [name, readTs48(name)] as const)),
    ['our own', encodeProfilePackage(good)] as const,
  ]
  it.each(samples)(`installProfile returns a result for %s with any one byte changed${ts48Reason}`, (_name, bytes) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, difference) => {
        const damaged = bytes.slice()
        damaged[at]! ^= difference
        try {
          const { profile, response } = installProfile(decodeProfilePackage(damaged), capabilities)
          if (profile === undefined) expect(response.profileInstallationAborted).toBeNull()
        } catch (error) {
          expect(error).toBeInstanceOf(ProfileError)
        }
      }),
      { seed: 102222, numRuns: 250 },
    )
  })
})

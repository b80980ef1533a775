import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/asn1/bytes.ts'
import { FileSystemElements, type FileSystemKind, getFileNames } from '../../src/profile/elements/file-system.ts'
import { fill } from '../../src/profile/templates/template-file.ts'
import { getTemplate } from '../../src/profile/templates.ts'

/** The newest template of each kind (SAIP annex A). */
const NEWEST: Record<FileSystemKind, string> = {
  mf: '1', cd: '2', telecom: '3.2', usim: '4.2', 'opt-usim': '5.3', phonebook: '6', 'gsm-access': '7', isim: '8',
  'opt-isim': '9.2', csim: '10.2', 'opt-csim': '11.2', eap: '12', 'df-5gs': '13.4', 'df-saip': '14', 'df-snpn': '15',
  'df-5gprose': '16', iot: '17', 'opt-iot': '18',
} // biome-ignore format: a table

describe('file templates', () => {
  it.each(Object.keys(FileSystemElements) as FileSystemKind[])(
    'the template has a row for every file of PE %s',
    kind => {
      const template = getTemplate(`2.23.143.1.2.${NEWEST[kind]}`)
      expect(template?.kind).toBe(kind)
      const rows = template!.files.map(file => file.name)
      expect(getFileNames(kind).filter(name => !rows.includes(name))).toEqual([])
    },
  )

  it.each(Object.keys(FileSystemElements) as FileSystemKind[])(
    'the template has no directory that PE %s cannot name',
    kind => {
      const directories = getTemplate(`2.23.143.1.2.${NEWEST[kind]}`)!.files.filter(file =>
        ['MF', 'ADF', 'DF'].includes(file.type),
      )
      const named = getFileNames(kind)
      // A directory whose files the PE cannot name either is skipped; the first directory decides where its files go.
      for (const directory of directories.slice(0, 1)) expect(named).toContain(directory.name)
    },
  )

  it('the template assigns each file of a directory a different FID', () => {
    for (const number of Object.values(NEWEST).slice(0, 16)) {
      const seen = new Set<string>()
      let directory = ''
      for (const file of getTemplate(`2.23.143.1.2.${number}`)!.files) {
        if (['MF', 'ADF', 'DF'].includes(file.type)) directory = file.name
        const place = `${directory}/${file.fid}`
        expect(seen.has(place), `${file.name} in ${directory}`).toBe(false)
        seen.add(place)
      }
    }
  })

  it.each([
    ['usim', '4', 'ef-loci', 11, 'ffffffffffffff0000ff01'],
    ['usim', '4', 'ef-keys', 6, '07ffffffffff'],
    ['opt-usim', '5', 'ef-plmnwact', 10, 'ffffff0000ffffff0000'],
    ['opt-usim', '5', 'ef-oci', 12, 'ffffffffffff00000001ffff'],
    ['gsm-access', '7', 'ef-kc', 9, 'ffffffffffffffff07'],
  ])(
    'the template fills %s %s %s as TS 31.102 §4 and annex E pre-personalize it',
    (_kind, number, name, length, content) => {
      const file = getTemplate(`2.23.143.1.2.${number}`)!.files.find(row => row.name === name)!
      expect(toHex(fill(file.pattern!, length))).toBe(content)
    },
  )
})

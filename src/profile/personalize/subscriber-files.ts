import { equalBytes } from '../../asn1/bytes.ts'
import { accessClass, dialing } from '../build/contents.ts'
import { packDigits, packImsi, packPlmn, swapHalves, unpackImsi } from '../digits.ts'
import type { Directory, ElementaryFile, InstalledProfile } from '../file-tree.ts'
import { getUsim } from '../subscriber.ts'
import type { NewContent, NewContents } from './file-contents.ts'
import { badValue, type Personalization } from './values.ts'

const FID = {
  imsi: 0x6f07,
  acc: 0x6f78,
  ad: 0x6fad,
  msisdn: 0x6f40,
  smsp: 0x6f42,
  ehplmn: 0x6fd9,
  hplmnwact: 0x6f62,
  impi: 0x6f02,
  domain: 0x6f03,
  impu: 0x6f04,
} as const
const ISIM_AID = 'a0000000871004'

/** Collects the new contents of files. A link has the content of the linked file. */
const createDraft = (profile: InstalledProfile) => {
  const contents = new Map<string, NewContent>()
  return {
    contents: contents as NewContents,
    isChanged(file: ElementaryFile | undefined): boolean {
      const content = file && contents.get(file.contentKey)
      return content !== undefined && !equalBytes(content.old, content.next)
    },
    edit(file: ElementaryFile | undefined, edit: (content: Uint8Array) => Uint8Array): boolean {
      if (file === undefined) return false
      const key = file.contentKey
      const old = profile.files.get(key)?.initialContent ?? file.initialContent
      contents.set(key, { old, next: edit((contents.get(key)?.next ?? old).slice()) })
      return true
    },
  }
}
type Draft = ReturnType<typeof createDraft>

const efOf = (directory: Directory, fid: number): ElementaryFile | undefined => {
  const file = directory.children.get(fid)
  return file?.kind === 'EF' ? file : undefined
}

/** Writes `bytes` at `at`. If they do not fit, the error names the field. */
const put = (content: Uint8Array, at: number, bytes: Uint8Array, field: 'imsi' | 'msisdn' | 'smsp'): Uint8Array => {
  if (at < 0 || at + bytes.length > content.length)
    throw badValue(field, `it does not fit the template's file of ${content.length} bytes`)
  content.set(bytes, at)
  return content
}

/** Returns the new contents of the subscriber files for these values. */
export const subscriberFiles = (profile: InstalledProfile, values: Personalization): NewContents => {
  const draft = createDraft(profile)
  if (values.iccid !== undefined) {
    const iccid = swapHalves(packDigits(values.iccid, 10))
    draft.edit(efOf(profile.mf, 0x2fe2), () => iccid)
  }
  const first = getUsim(profile)
  const oldImsi = first && unpackImsi(efOf(first, FID.imsi)?.initialContent ?? new Uint8Array(0))
  for (const usim of profile.applications.filter(adf => isLike(adf, first))) {
    const ownImsi = unpackImsi(efOf(usim, FID.imsi)?.initialContent ?? new Uint8Array(0))
    // A second USIM with another IMSI belongs to another subscription.
    if (usim !== first && ownImsi !== oldImsi) continue
    editUsim(draft, usim, values, oldImsi)
  }
  // Values that equal those of the template do not change its ISIM, even if the ISIM has other identities.
  const { imsi, msisdn } = values
  const moved = {
    ...(imsi !== oldImsi && { imsi }),
    ...(first && draft.isChanged(efOf(first, FID.msisdn)) && { msisdn }),
  }
  for (const isim of profile.applications.filter(adf => aidOf(adf).startsWith(ISIM_AID)))
    editIsim(draft, isim, moved, mncLengthOf(first, values))
  return draft.contents
}

const aidOf = (adf: Directory): string => Buffer.from(adf.aid ?? []).toString('hex')
const isLike = (adf: Directory, first: Directory | undefined): boolean =>
  first !== undefined && aidOf(adf).startsWith(aidOf(first).slice(0, 14))

/** Byte 4 of EF.AD (TS 31.102 §4.2.18). */
const mncLengthOf = (usim: Directory | undefined, { mncLength }: Personalization): 2 | 3 =>
  (mncLength ?? (((usim && efOf(usim, FID.ad)?.initialContent[3]) ?? 2) & 0x0f) === 3) ? 3 : 2

const editUsim = (draft: Draft, usim: Directory, values: Personalization, oldImsi: string | undefined): void => {
  const { imsi, msisdn, smsp, mncLength } = values
  if (mncLength !== undefined)
    draft.edit(efOf(usim, FID.ad), content => {
      if (content.length > 3) content[3] = (content[3]! & 0xf0) | mncLength
      return content
    })
  if (imsi !== undefined && imsi !== oldImsi) {
    if (!draft.edit(efOf(usim, FID.imsi), content => put(content, 0, packImsi(imsi), 'imsi')))
      throw badValue('imsi', 'the template has no EF.IMSI')
    draft.edit(efOf(usim, FID.acc), () => accessClass(imsi))
    if (oldImsi !== undefined) moveHome(draft, usim, oldImsi, imsi, mncLengthOf(usim, values))
  }
  if (msisdn !== undefined && !editRecord(draft, efOf(usim, FID.msisdn), -14, dialing(msisdn, 14), 'msisdn'))
    throw badValue('msisdn', 'the template has no EF.MSISDN')
  if (smsp !== undefined && !editServiceCenter(draft, efOf(usim, FID.smsp), smsp))
    throw badValue('smsp', 'the template has no EF.SMSP')
}

/** Edits the first record from `from`, counted from the end of the record; an alpha identifier precedes it. */
const editRecord = (
  draft: Draft,
  file: ElementaryFile | undefined,
  from: number,
  bytes: Uint8Array,
  field: 'msisdn' | 'smsp',
): boolean => draft.edit(file, content => put(content, file!.recordLength + from, bytes, field))

/** EF.SMSP (TS 31.102 §4.2.27): a zero bit in the indicator means that the service center is present. */
const editServiceCenter = (draft: Draft, file: ElementaryFile | undefined, number: string): boolean =>
  editRecord(draft, file, -15, dialing(number, 14).subarray(0, 12), 'smsp') &&
  draft.edit(file, content => {
    content[file!.recordLength - 28]! &= ~0x02
    return content
  })

/** Replaces the home network in EF.EHPLMN and EF.HPLMNwAcT where they contain the old one. */
const moveHome = (draft: Draft, usim: Directory, oldImsi: string, imsi: string, mncLength: 2 | 3): void => {
  const plmnOf = (of: string) => packPlmn(of.slice(0, 3), of.slice(3, 3 + mncLength))
  const [before, after] = [plmnOf(oldImsi), plmnOf(imsi)]
  for (const [fid, size] of [
    [FID.ehplmn, 3],
    [FID.hplmnwact, 5],
  ] as const)
    draft.edit(efOf(usim, fid), content => {
      for (let at = 0; at + 3 <= content.length; at += size)
        if (before.every((octet, i) => content[at + i] === octet)) content.set(after, at)
      return content
    })
}

/** Edits the text in a tag '80' object at the beginning of a record (TS 31.103 §4.2.2 to §4.2.4). */
const editText = (record: Uint8Array, edit: (text: string) => string): void => {
  const length = record[1] ?? 0xff
  if (record[0] !== 0x80 || length > 0x7f || 2 + length > record.length) return
  const text = Buffer.from(record.subarray(2, 2 + length)).toString('utf8')
  const next = new TextEncoder().encode(edit(text))
  if (2 + next.length > record.length)
    throw badValue('imsi', `it does not fit the ISIM record of ${record.length} bytes`)
  record.fill(0xff, 1)
  record[1] = next.length
  record.set(next, 2)
}

/** Updates the ISIM identities that derive from the IMSI or the number (TS 23.003 §13.2, §13.3, §13.4B). */
const editIsim = (
  draft: Draft,
  isim: Directory,
  { imsi, msisdn }: { readonly imsi?: string | undefined; readonly msisdn?: string | undefined },
  mncLength: 2 | 3,
): void => {
  const inDomain = (text: string): string =>
    imsi === undefined
      ? text
      : text.replace(
          /(^|@)ims\.mnc\d{3}\.mcc\d{3}\.3gppnetwork\.org/,
          `$1ims.mnc${imsi.slice(3, 3 + mncLength).padStart(3, '0')}.mcc${imsi.slice(0, 3)}.3gppnetwork.org`,
        )
  const renamed = (text: string): string => {
    const byImsi = imsi === undefined ? text : text.replace(/^((?:sips?:)?)\d{6,15}(?=@)/, `$1${imsi}`)
    const byNumber = msisdn?.startsWith('+') ? byImsi.replace(/^((?:sips?|tel):)\+\d+/, `$1${msisdn}`) : byImsi
    return inDomain(byNumber)
  }
  for (const fid of [FID.impi, FID.domain, FID.impu])
    draft.edit(efOf(isim, fid), content => {
      const step = efOf(isim, fid)!.recordLength || content.length
      for (let at = 0; at + step <= content.length; at += step) editText(content.subarray(at, at + step), renamed)
      return content
    })
}

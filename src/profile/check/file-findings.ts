import { Asn1Error } from '../../asn1/error.ts'
import { getChildren, getContent, readTlv } from '../../asn1/tlv.ts'
import { type Directory, type FileNode, findUpwards, type InstalledProfile, walkFiles } from '../file-tree.ts'
import type { ProfileFinding } from './finding.ts'

const hex4 = (fid: number): string => fid.toString(16).padStart(4, '0').toUpperCase()

/** Every file references an existing record of an EF.ARR with a rule. Otherwise the file is never accessible. */
export const accessRuleFindings = (profile: InstalledProfile): ProfileFinding[] => {
  const broken: string[] = []
  const roots: readonly Directory[] = [profile.mf, ...profile.applications]
  const files = roots.flatMap((root): FileNode[] => [root, ...walkFiles(root)])
  for (const file of files) {
    const arr = findUpwards(file.parent ?? (file as Directory), file.access.fid)
    const start = (file.access.record - 1) * (arr?.recordLength ?? 0)
    if (arr === undefined || arr.recordLength === 0 || start < 0 || arr.initialContent[start] === undefined)
      broken.push(`${file.key} -> ${hex4(file.access.fid)} record ${file.access.record}`)
    else if (arr.initialContent[start] === 0xff)
      broken.push(`${file.key} -> ${hex4(file.access.fid)} record ${file.access.record}, which is empty`)
  }
  if (broken.length === 0) return []
  const shown = broken.slice(0, 5).join('; ')
  const more = broken.length > 5 ? ` and ${broken.length - 5} more` : ''
  return [{ rule: 'access-rules', severity: 'warning', message: `files without an access rule: ${shown}${more}` }]
}

/** The AID in a record of EF.DIR, if there is one. */
const aidOf = (record: Uint8Array): string | undefined => {
  try {
    const template = readTlv(record)
    const aid = template.tag === 0x61 ? getChildren(template).find(({ tag }) => tag === 0x4f) : undefined
    return aid && Buffer.from(getContent(aid)).toString('hex')
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}

/** EF.DIR lists every application: a device finds applications only there (TS 102 221 §13.1). */
export const directoryFindings = (profile: InstalledProfile): ProfileFinding[] => {
  const dir = profile.mf.children.get(0x2f00)
  const listed = new Set<string | undefined>()
  if (dir?.kind === 'EF' && dir.recordLength > 0)
    for (let start = 0; start < dir.size; start += dir.recordLength)
      listed.add(aidOf(dir.initialContent.subarray(start, start + dir.recordLength)))
  return profile.applications
    .map(({ aid }) => Buffer.from(aid!).toString('hex'))
    .filter(aid => !listed.has(aid))
    .map(aid => ({ rule: 'ef-dir', severity: 'error', message: `EF.DIR does not list application ${aid}` }))
}

/** The file in ADF.USIM that each service of EF.UST requires (TS 31.102 §4.2.8). */
const FILES_OF_SERVICES: readonly (readonly [service: number, fid: number, name: string])[] = [
  [2, 0x6f3b, 'EF.FDN'],
  [10, 0x6f3c, 'EF.SMS'],
  [12, 0x6f42, 'EF.SMSP'],
  [17, 0x6f3e, 'EF.GID1'],
  [18, 0x6f3f, 'EF.GID2'],
  [19, 0x6f46, 'EF.SPN'],
  [20, 0x6f60, 'EF.PLMNwAcT'],
  [21, 0x6f40, 'EF.MSISDN'],
  [27, 0x5f3b, 'DF.GSM-ACCESS'],
  [42, 0x6f61, 'EF.OPLMNwAcT'],
  [43, 0x6f62, 'EF.HPLMNwAcT'],
  [45, 0x6fc5, 'EF.PNN'],
  [46, 0x6fc6, 'EF.OPL'],
  [71, 0x6fd9, 'EF.EHPLMN'],
  [85, 0x6fe3, 'EF.EPSLOCI'],
  [122, 0x5fc0, 'DF.5GS'],
  [125, 0x5fd0, 'DF.SAIP'],
]

/** The file of each available service of the USIM exists. */
export const serviceTableFindings = (usim: Directory | undefined): ProfileFinding[] => {
  const ust = usim?.children.get(0x6f38)
  if (usim === undefined || ust?.kind !== 'EF') return []
  const isAvailable = (service: number): boolean =>
    ((ust.initialContent[(service - 1) >> 3] ?? 0) & (1 << ((service - 1) & 7))) !== 0
  return FILES_OF_SERVICES.filter(([service, fid]) => isAvailable(service) && !usim.children.has(fid)).map(
    ([service, , name]) => ({
      rule: 'service-table',
      severity: 'warning',
      message: `EF.UST states that service ${service} is available, but there is no ${name}`,
    }),
  )
}

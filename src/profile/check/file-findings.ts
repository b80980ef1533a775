import { Asn1Error } from '../../asn1/error.ts'
import { childrenOf, contentOf, readTlv } from '../../asn1/tlv.ts'
import { type Directory, type FileNode, findUpwards, type InstalledProfile, walkFiles } from '../file-tree.ts'
import type { Finding } from './finding.ts'

const hex4 = (fid: number): string => fid.toString(16).padStart(4, '0').toUpperCase()

/** Every file points to a record of an EF.ARR that is there and says something: else nobody can ever use the file. */
export const accessRuleFindings = (profile: InstalledProfile): Finding[] => {
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
    const aid = template.tag === 0x61 ? childrenOf(template).find(({ tag }) => tag === 0x4f) : undefined
    return aid && Buffer.from(contentOf(aid)).toString('hex')
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}

/** EF.DIR lists every application: a device finds them in no other way (TS 102 221 §13.1). */
export const directoryFindings = (profile: InstalledProfile): Finding[] => {
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

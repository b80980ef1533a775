import type { FreshnessRules } from './aka/usim.ts'
import type { AlgoParameter } from './elements/security.ts'
import type { Structure } from './templates/template-file.ts'

/** Which record of which EF.ARR holds a file's access rule (TS 102 221 §9.2.7). */
export interface AccessReference {
  readonly fid: number
  readonly record: number
}

/** A directory. `key` is its path in the profile, with the temporary file ID in place of an ADF's AID. */
export interface Directory {
  readonly kind: 'MF' | 'ADF' | 'DF'
  readonly key: string
  readonly fid: number
  readonly aid?: Uint8Array
  readonly parent: Directory | undefined
  /** By FID, in the order of creation. A link to a directory shares the children of the other. */
  readonly children: ReadonlyMap<number, FileNode>
  readonly access: AccessReference
  /** The key references that the PIN status template lists (TS 102 221 §9.5.2). */
  readonly pinReferences: readonly number[]
  readonly lifeCycle: number
}

/** An elementary file. A link has its own FID, access and SFI, and the content of the file that `contentKey` names. */
export interface ElementaryFile {
  readonly kind: 'EF'
  readonly key: string
  readonly contentKey: string
  readonly fid: number
  readonly parent: Directory
  readonly structure: Structure
  readonly size: number
  /** Zero where the file has no records. */
  readonly recordLength: number
  readonly sfi: number | undefined
  readonly access: AccessReference
  readonly lifeCycle: number
  /** Bit 8: high update activity; bit 7: readable and updatable when deactivated (TS 102 222 §6.3.2.2.2). */
  readonly specialFileInformation: number
  readonly initialContent: Uint8Array
}
export type FileNode = Directory | ElementaryFile

/** A PIN or ADM code as installed (SAIP §8.4.1). */
export interface PinDefinition {
  readonly key: string
  readonly reference: number
  readonly value: Uint8Array
  readonly unblockedBy: number | undefined
  readonly enabled: boolean
  readonly changeable: boolean
  readonly disablable: boolean
  readonly maxTries: number
  readonly tries: number
}
export interface PukDefinition {
  readonly reference: number
  readonly value: Uint8Array
  readonly maxTries: number
  readonly tries: number
}

/** Authentication of an ADF: its own algorithm, or that of the ADF which `source` names. */
export interface AkaDefinition {
  /** Whose sequence numbers are used: the key of the ADF itself, or of the one it is mapped to. */
  readonly stateKey: string
  readonly algorithm: AlgoParameter
  readonly rules: FreshnessRules
  readonly initialSeqs: readonly number[]
}

/** A profile as it stands on a card right after installation. Nothing in it changes: what a card changes is kept apart. */
export interface InstalledProfile {
  /** As in the profile header: ten bytes, digits in reading order. */
  readonly iccid: Uint8Array
  readonly profileType: string | undefined
  readonly mf: Directory
  readonly applications: readonly Directory[]
  /** Every elementary file by its key. */
  readonly files: ReadonlyMap<string, ElementaryFile>
  readonly pins: ReadonlyMap<string, PinDefinition>
  /** By the key of a directory, the PINs that count in it, by key reference. */
  readonly pinsOf: ReadonlyMap<string, ReadonlyMap<number, PinDefinition>>
  readonly puks: ReadonlyMap<number, PukDefinition>
  /** By the key of an ADF. */
  readonly aka: ReadonlyMap<string, AkaDefinition>
  /** Instance AIDs of security domains, applications and remote file management, in the order of installation. */
  readonly instances: readonly Uint8Array[]
  /** Bytes of card memory that the profile takes. */
  readonly memory: number
}

/** All files of one directory and below, depth first. */
export const walkFiles = function* (directory: Directory): Generator<FileNode> {
  for (const child of directory.children.values()) {
    yield child
    if (child.kind !== 'EF') yield* walkFiles(child)
  }
}

/** The directory above that has an EF.ARR (or any file) with this FID, going up from `directory`. */
export const findUpwards = (directory: Directory, fid: number): ElementaryFile | undefined => {
  for (let at: Directory | undefined = directory; at !== undefined; at = at.parent) {
    const found = at.children.get(fid)
    if (found?.kind === 'EF') return found
  }
  return undefined
}

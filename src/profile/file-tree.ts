import type { FreshnessRules } from './aka/usim.ts'
import type { AlgoParameter } from './elements/security.ts'
import type { Structure } from './templates/template-file.ts'

/** The EF.ARR and record with the access rule of a file (TS 102 221 §9.2.7). */
export interface AccessReference {
  readonly fid: number
  readonly record: number
}

/** A directory. `key` is its path in the profile; an ADF has its temporary file ID instead of its AID. */
export interface Directory {
  readonly kind: 'MF' | 'ADF' | 'DF'
  readonly key: string
  readonly fid: number
  readonly aid?: Uint8Array
  readonly parent: Directory | undefined
  /** By FID, in order of creation. A link to a directory shares the children of that directory. */
  readonly children: ReadonlyMap<number, FileNode>
  readonly access: AccessReference
  /** The key references in the PIN status template (TS 102 221 §9.5.2). */
  readonly pinReferences: readonly number[]
  readonly lifeCycle: number
}

/** An elementary file. A link has its own FID, access and SFI, and the content of the file with `contentKey`. */
export interface ElementaryFile {
  readonly kind: 'EF'
  readonly key: string
  readonly contentKey: string
  readonly fid: number
  readonly parent: Directory
  readonly structure: Structure
  readonly size: number
  /** Zero for a file without records. */
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

/** Authentication of an ADF: its own algorithm, or that of the ADF in `source`. */
export interface AkaDefinition {
  /** The key of the ADF whose sequence numbers are used: the ADF itself or the one it is mapped to. */
  readonly stateKey: string
  readonly algorithm: AlgoParameter
  readonly rules: FreshnessRules
  readonly initialSeqs: readonly number[]
}

/** A profile as installed. It never changes: changes by the card are stored separately. */
export interface InstalledProfile {
  /** As in the profile header: ten bytes, digits in reading order. */
  readonly iccid: Uint8Array
  readonly profileType: string | undefined
  readonly mf: Directory
  readonly applications: readonly Directory[]
  /** Every elementary file by its key. */
  readonly files: ReadonlyMap<string, ElementaryFile>
  readonly pins: ReadonlyMap<string, PinDefinition>
  /** The PINs of a directory by its key, then by key reference. */
  readonly pinsOf: ReadonlyMap<string, ReadonlyMap<number, PinDefinition>>
  readonly puks: ReadonlyMap<number, PukDefinition>
  /** By the key of an ADF. */
  readonly aka: ReadonlyMap<string, AkaDefinition>
  /** Instance AIDs of security domains, applications and remote file management in order of installation. */
  readonly instances: readonly Uint8Array[]
  /** The card memory of the profile in bytes. */
  readonly memory: number
}

/** Returns all files of a directory and below, depth first. */
export const walkFiles = function* (directory: Directory): Generator<FileNode> {
  for (const child of directory.children.values()) {
    yield child
    if (child.kind !== 'EF') yield* walkFiles(child)
  }
}

/** Finds an EF.ARR (or another EF) with this FID in `directory` or the nearest directory above it. */
export const findUpwards = (directory: Directory, fid: number): ElementaryFile | undefined => {
  for (let at: Directory | undefined = directory; at !== undefined; at = at.parent) {
    const found = at.children.get(fid)
    if (found?.kind === 'EF') return found
  }
  return undefined
}

import type { AkaDefinition, Directory, ElementaryFile, FileNode, PinDefinition, PukDefinition } from '../file-tree.ts'
import { PeFailure } from './failure.ts'

/** A directory to which files are still added. */
export interface OpenDirectory extends Directory {
  readonly children: Map<number, FileNode>
}

/** The result of the elements so far. Each installation has its own, and each element changes it. */
export interface Installation {
  readonly freeMemory: number
  memory: number
  mf: OpenDirectory | undefined
  /** ADFs by their temporary file ID (SAIP §8.3.1, `fileID`). */
  readonly adfs: Map<number, OpenDirectory>
  /** The ADF that the last PE of each application kind created. PEs that extend an application refer to it. */
  readonly lastAdf: Map<'usim' | 'isim' | 'csim', OpenDirectory>
  /** The directory to which PE-PINCodes and PE-AKAParameter apply. */
  current: OpenDirectory | undefined
  readonly files: Map<string, ElementaryFile>
  readonly pins: Map<string, PinDefinition>
  readonly pinsOf: Map<string, Map<number, PinDefinition>>
  readonly puks: Map<number, PukDefinition>
  readonly aka: Map<string, AkaDefinition>
  readonly instances: Uint8Array[]
}

export const startInstallation = (freeMemory: number): Installation => ({
  freeMemory,
  memory: 0,
  mf: undefined,
  adfs: new Map(),
  lastAdf: new Map(),
  current: undefined,
  files: new Map(),
  pins: new Map(),
  pinsOf: new Map(),
  puks: new Map(),
  aka: new Map(),
  instances: [],
})

/** Counts the memory of a part of the profile and fails if the card has not enough. */
export const takeMemory = (installation: Installation, bytes: number): void => {
  installation.memory += bytes
  if (installation.memory > installation.freeMemory)
    throw new PeFailure('not-enough-memory', `${installation.memory} bytes needed, ${installation.freeMemory} free`)
}

export const requireMf = (installation: Installation): OpenDirectory => {
  if (installation.mf === undefined) throw new PeFailure('bad-values', 'no MF has been created yet')
  return installation.mf
}

/**
 * The file at a `filePath` or `linkPath` (SAIP §8.3.5): FIDs below the MF; an ADF has its temporary file ID at the top.
 * An empty path is the MF.
 */
export const findPath = (installation: Installation, path: Uint8Array): FileNode => {
  let at: FileNode = requireMf(installation)
  if (path.length % 2 !== 0) throw new PeFailure('bad-values', 'a path of an odd number of bytes')
  for (let i = 0; i < path.length; i += 2) {
    const fid = (path[i]! << 8) | path[i + 1]!
    if (i === 0 && fid === 0x3f00) continue
    if (at.kind === 'EF') throw new PeFailure('bad-values', 'a path through an EF')
    const next: FileNode | undefined = (i === 0 ? installation.adfs.get(fid) : undefined) ?? at.children.get(fid)
    if (next === undefined)
      throw new PeFailure('bad-values', `no file ${fid.toString(16).padStart(4, '0')} on the path`)
    at = next
  }
  return at
}

import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Replaces a file by rename, so that a power cut leaves the old or the new content. Creates missing folders. */
export const replaceFile = (
  path: string,
  text: string,
  modes: { readonly file: number; readonly folder: number },
): void => {
  mkdirSync(dirname(path), { recursive: true, mode: modes.folder })
  const fresh = `${path}.new`
  const handle = openSync(fresh, 'w', modes.file)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(fresh, path)
}

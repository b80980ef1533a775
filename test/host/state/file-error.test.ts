import { expect, it } from 'vitest'
import { describeFileError } from '../../../src/host/state/file-error.ts'

it.each([
  ['ENOENT', 'there is no such file or folder'],
  ['EEXIST', 'a file with this name exists already'],
  ['EACCES', 'this user has no permission'],
  ['EROFS', 'the disk is read-only'],
  ['EDOM', 'the system reports EDOM'],
])('describeFileError translates %s', (code, clause) => {
  expect(describeFileError(Object.assign(new Error(`${code}: raw text, open 'x'`), { code }))).toBe(clause)
})

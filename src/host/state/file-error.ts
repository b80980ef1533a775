const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'this user has no permission',
  EPERM: 'this user has no permission',
  EMFILE: 'too many files are open',
  EEXIST: 'a file with this name exists already',
  ELOOP: 'its symbolic links form a loop',
  ENAMETOOLONG: 'its name is too long',
  ENOTEMPTY: 'the folder is not empty',
  EBUSY: 'another program uses it',
  ENODEV: 'the device does not exist',
  ENXIO: 'the device does not exist',
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota of this user is used up',
  EROFS: 'the disk is read-only',
  EIO: 'the disk reports an input or output error',
}

/** The reason of a file system error, as a clause behind a colon. Other errors keep their own text. */
export const describeFileError = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) return message
  return WORDS[code] ?? (/^E[A-Z0-9]+$/.test(code) ? `the system reports ${code}` : message)
}

const DISK: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota of this user is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'this user has no permission',
  EPERM: 'this user has no permission',
  EMFILE: 'too many files are open',
  EIO: 'the disk reports an input or output error',
}

/** The reason and the system call of the disk error behind `error`; undefined if no disk error caused it. */
export const describeDiskError = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined
  const { code, syscall, path } = error as NodeJS.ErrnoException
  const words = code === undefined || syscall === undefined ? undefined : DISK[code]
  return words === undefined
    ? describeDiskError(error.cause)
    : `${words} (${[syscall, path].filter(Boolean).join(' ')})`
}

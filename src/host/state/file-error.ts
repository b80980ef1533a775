const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EMFILE: 'too many files are open',
}

/** Why a file or folder could not be had, in words; what is not foreseen in those of the system. */
export const describeFileError = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  return (code && WORDS[code]) ?? message
}

const DISK: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'this user may not take more of the disk',
  EROFS: 'the disk can only be read',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EMFILE: 'too many files are open',
  EIO: 'the disk fails',
}

/** The trouble with the disk that an error comes of, in words; of other errors undefined. */
export const describeDiskError = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined
  const { code, syscall, path } = error as NodeJS.ErrnoException
  const words = code === undefined || syscall === undefined ? undefined : DISK[code]
  return words === undefined
    ? describeDiskError(error.cause)
    : `${words} (${[syscall, path].filter(Boolean).join(' ')})`
}

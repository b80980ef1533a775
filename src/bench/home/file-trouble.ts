const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EMFILE: 'too many files are open',
}

/** Why a file or folder could not be had, in words; what is not foreseen in those of the system. */
export const fileTrouble = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  return (code && WORDS[code]) ?? message
}

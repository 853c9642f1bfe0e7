/** What the system means by its codes, to a person who named a file. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'this user has no right to it',
  EPERM: 'this user has no right to it',
  EISDIR: 'it is a folder, and a file is expected',
  ENOTDIR: 'a part of the path is a file, and a folder is expected',
  EEXIST: 'it is there already',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'the disk is full',
  EDQUOT: 'this user\'s share of the disk is full',
  EROFS: 'the disk is mounted read-only',
  EBUSY: 'another program has it in use',
  ETXTBSY: 'another program has it in use',
  EMFILE: 'too many files are open',
  EIO: 'the disk does not read or write it: look at the disk',
  ENXIO: 'nothing is there to be read',
}

/** What SQLite means by the lower half of its own numbers. */
const SQLITE_WORDS: Readonly<Record<number, string>> = {
  5: 'another program has it locked',
  6: 'another program has it locked',
  8: 'it may only be read',
  10: 'it is a folder, or the disk does not read or write it',
  11: 'the file is damaged',
  13: 'the disk is full',
  14: 'it cannot be opened: it is a folder, or this user has no right to it or to its folder',
  26: 'it is no SQLite database',
}

/** In words, with the code for whoever searches for it; null when it is no fault of a file. */
export function fileWords(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (error instanceof Error && code === 'ERR_SQLITE_ERROR' && 'errcode' in error && typeof error.errcode === 'number') {
    const words = SQLITE_WORDS[error.errcode & 0xff]
    return words === undefined ? null : `${words} (SQLite ${error.errcode})`
  }
  // So it is said of a folder that would have to be made where a file is.
  if (code === 'EEXIST' && error instanceof Error && 'syscall' in error && error.syscall === 'mkdir') return `a part of the path is a file, and a folder is expected (${code})`
  return Object.hasOwn(WORDS, code) ? `${WORDS[code]} (${code})` : null
}

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

/** In words, with the code for whoever searches for it; null when it is no fault of a file. */
export function fileWords(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  return Object.hasOwn(WORDS, code) ? `${WORDS[code]} (${code})` : null
}

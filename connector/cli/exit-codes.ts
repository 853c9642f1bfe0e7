/** What a service manager or a script may rely on. Never renumbered. */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  configuration: 2,
  storeHeld: 3,
  posUnreachable: 4,
  journal: 5,
  address: 6,
  attention: 7,
  notFound: 8,
  notDone: 9,
  edge: 10,
  node: 11,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** In words, for `--help` and for docs/store-it.md; a test compares the two. */
export const EXIT_WORDS: Record<ExitCode, string> = {
  0: 'ended as asked, or everything is in order',
  1: 'something unexpected broke; the log says what',
  2: 'the configuration or the command line is wrong (run "check")',
  3: 'another connector serves this store',
  4: 'the POS cannot be read',
  5: 'the journal cannot be opened: in use, of another store, of a newer connector, or not there yet',
  6: 'the server\'s address is taken',
  7: 'doctor or "csv try" found something that must be mended',
  8: 'there is no such order or row',
  9: 'not done as things stand; the message says what to do',
  10: 'the edge cannot be reached, or said no',
  11: 'this Node is too old; the message says which one is needed',
}

export const EXIT_HELP = `
Exit codes:
${Object.entries(EXIT_WORDS).map(([code, words]) => `${code.padStart(4)}  ${words}`).join('\n')}`

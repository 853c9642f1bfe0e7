/** What a service manager or a script may rely on. Never renumbered. */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  configuration: 2,
  storeHeld: 3,
  posUnreachable: 4,
  journal: 5,
  address: 6,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_HELP = `
Exit codes:
  0  ended as asked, or everything is in order
  1  something unexpected broke; the log says what
  2  the configuration or the command line is wrong (run "check")
  3  another connector serves this store
  4  the POS could not be read for the first sync
  5  the journal cannot be opened: in use, of another store, or of a newer connector
  6  the server's address is taken`

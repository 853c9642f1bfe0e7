/** What is set up so that the connector cannot work with it: nothing is read or written until a person has mended it. */
export class OsposFault extends Error {
  override name = 'OsposFault'
  readonly hint: string
  constructor(message: string, hint: string, cause?: unknown) {
    super(`${message}. ${hint}`, { cause })
    this.hint = hint
  }
}

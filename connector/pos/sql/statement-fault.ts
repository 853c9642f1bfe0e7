/** A shop's own statements ran and did not do what they are for: nothing is kept of it, and a person must mend the configuration. */
export class StatementFault extends Error {
  override name = 'StatementFault'
  readonly hint: string
  constructor(message: string, hint: string) {
    super(`${message}. ${hint}`)
    this.hint = hint
  }
}

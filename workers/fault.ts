/** Something that should work did not. The message is ours and holds no data; `hint` is what an operator can do. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

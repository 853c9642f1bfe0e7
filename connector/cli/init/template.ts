export type Answers = Readonly<Record<string, string>>

/** One thing that only the person at the machine knows. `secret`: it goes into a file of its own, never into the YAML. */
export type Question = {
  key: string
  message: string
  /** What stands there without an answer; left out, an answer is needed. */
  usual?: string
  choices?: readonly string[]
  /** Nothing is an answer. */
  optional?: true
  /** Whether it is asked after these answers. */
  only?(answers: Answers): boolean
  /** Answers what is wrong with an answer. */
  wrong?(answer: string): string | null
}

/** What `init` knows of one kind of POS. `yaml` is the `pos:` part, with comments, two spaces in. */
export type Template = {
  title: string
  questions: readonly Question[]
  /** The connector logs in at a database: its password goes into this file. */
  passwordFile?: string
  /** Left out: it does. */
  needsPassword?(answers: Answers): boolean
  /** Milliseconds between two looks at the POS. */
  pollMs: number
  yaml(answers: Answers): string
}

/** Any text as a YAML scalar. */
export const quoted = (text: string | undefined): string => JSON.stringify(text ?? '')

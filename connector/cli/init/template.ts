import type { StoreFiles } from './store-files.ts'

export type Answers = Readonly<Record<string, string>>

/** One thing that only the person at the machine knows. `secret`: it goes into a file of its own, never into the YAML. */
export type Question = {
  key: string
  message: string
  /** What stands there without an answer; left out, an answer is needed. */
  usual?: string | ((answers: Answers) => string)
  choices?: readonly string[]
  /** What a choice means, where its word alone does not say. */
  words?: Readonly<Record<string, string>>
  /** A file or folder, named from where the configuration stands. `own`: no second store may use it. */
  path?: 'own' | 'any'
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
  /** Whether the connector logs in at a database, whose password goes into a file of its own. */
  needsPassword?(answers: Answers): boolean
  /** What somebody has to do before the POS can be read, with the page that says how. */
  first?(answers: Answers): string
  /** Milliseconds between two looks at the POS. */
  pollMs: number
  yaml(answers: Answers, files: Pick<StoreFiles, 'password'>): string
}

/** Any text as a YAML scalar. */
export const quoted = (text: string | undefined): string => JSON.stringify(text ?? '')

/** Stands where a customer's word stood. */
export const ERASED = '(erased)'

/** What is a customer's by its name, in whatever shape a message came; `detail` is a till's own sentence, which may quote one. */
const PERSONAL_KEYS: ReadonlySet<string> = new Set(['customer', 'address', 'note', 'detail', 'email', 'phone'])

/** The same value with the marker in place of what is personal by its key, and of every text that has one of `words` in it. */
export function withoutWords(value: unknown, words: readonly string[]): unknown {
  if (typeof value === 'string') return hasWord(value, words) ? ERASED : value
  if (Array.isArray(value)) return value.map((each) => withoutWords(each, words))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, PERSONAL_KEYS.has(key) && each !== null ? ERASED : withoutWords(each, words)]))
}

/** Of something whose other texts are ours or the catalogue's. */
export const withoutPersonalKeys = <T extends object>(value: T): T => withoutWords(value, []) as T

export function hasWord(text: string, words: readonly string[]): boolean {
  const lower = text.toLowerCase()
  return words.some((word) => lower.includes(word.toLowerCase()))
}

/** What a letter says of itself stays; what it carries, and what an error quotes of it, does not. */
export const letterWithoutWords = <T extends { body: unknown; lastError: string }>(letter: T, words: readonly string[]): T =>
  ({ ...letter, body: withoutWords(letter.body, words), lastError: withoutWords(letter.lastError, words) })

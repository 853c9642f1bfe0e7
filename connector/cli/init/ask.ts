import { input, select } from '@inquirer/prompts'
import type { Answers, Question } from './template.ts'

/** What was given or left out makes no configuration. */
export class NotAnswered extends Error {
  override name = 'NotAnswered'
}

export type Ask = (question: Question, given: string | undefined, answers?: Answers) => Promise<string>

/** An answer that was given, that somebody types, or the usual one. Throws `NotAnswered`. */
export const asker = (mayAsk: boolean): Ask => async ({ key, message, usual, choices, words, optional, wrong }, given, answers = {}) => {
  const isWrong = (answer: string): string | null => wrong?.(answer) ?? (optional && answer === '' ? null : answer.trim() === '' ? 'an answer' : choices && !choices.includes(answer) ? `one of ${choices.join(', ')}` : null)
  const standard = typeof usual === 'function' ? usual(answers) : usual
  const answer = given ?? (mayAsk ? await type() : standard)
  if (answer === undefined) throw new NotAnswered(`${key} is needed (${message})`)
  const fault = isWrong(answer)
  if (fault !== null) throw new NotAnswered(`${key}: expected ${fault}, found "${answer}"`)
  return answer

  function type(): Promise<string> {
    const start = standard === undefined ? {} : { default: standard }
    if (choices) return select({ message, choices: choices.map((value) => ({ value, name: words?.[value] === undefined ? value : `${value}: ${words[value]}` })), ...start })
    return input({ message, ...start, validate: (text) => { const expected = isWrong(text); return expected === null ? true : `expected ${expected}` } })
  }
}

/** Answers to the questions about one kind of POS; `given` are `key=value`. Throws `NotAnswered`. */
export async function answersTo(questions: readonly Question[], ask: Ask, given: readonly string[]): Promise<Record<string, string>> {
  const set = new Map(given.map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1) throw new NotAnswered(`--set ${pair}: expected key=value`)
    return [pair.slice(0, at), pair.slice(at + 1)] as const
  }))
  const unknown = [...set.keys()].find((key) => !questions.some((question) => question.key === key))
  if (unknown !== undefined) throw new NotAnswered(`--set ${unknown}: this POS has ${questions.map(({ key }) => key).join(', ') || 'no such keys'}`)
  const answers: Record<string, string> = {}
  for (const question of questions) {
    const isAsked = question.only?.(answers) ?? true
    if (isAsked) answers[question.key] = await ask({ ...question, key: `--set ${question.key}` }, set.get(question.key), answers)
    else if (set.has(question.key)) throw new NotAnswered(`--set ${question.key} has no meaning with ${Object.entries(answers).map(([key, value]) => `${key}=${value}`).join(', ')}`)
  }
  return answers
}

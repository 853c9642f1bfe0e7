import { loadConfig } from '../config/load-config.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { problemLine, warningLine } from './read-config.ts'
import { say, sayJson } from './say.ts'

/** Checks a configuration without touching the network, the POS or the journal. One that only lacks its secret is not wrong: it ends with 9. */
export function check(configPath: string, options: { json?: boolean | undefined }): ExitCode {
  const loaded = loadConfig(configPath)
  const { warnings } = loaded.ok ? loaded.value : loaded.refusal
  const problems = loaded.ok ? [] : loaded.refusal.problems
  const isPaired = !problems.some(({ notPaired }) => notPaired)
  const isInOrder = problems.every(({ notPaired }) => notPaired)
  if (options.json) {
    sayJson({ ok: loaded.ok, paired: isPaired, problems, warnings })
  } else {
    for (const line of [...problems.map(problemLine), ...warnings.map(warningLine)]) say(line)
    if (loaded.ok) say(`The configuration of store "${loaded.value.config.store.id}" is in order.`)
    else if (isInOrder) say('All else in it is in order.')
  }
  return loaded.ok ? EXIT.ok : isInOrder ? EXIT.notDone : EXIT.configuration
}

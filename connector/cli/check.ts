import { loadConfig } from '../config/load-config.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { problemLine, warningLine } from './read-config.ts'

/** Checks a configuration without touching the network, the POS or the journal. */
export function check(configPath: string, options: { json?: boolean | undefined }): ExitCode {
  const loaded = loadConfig(configPath)
  const { warnings } = loaded.ok ? loaded.value : loaded.refusal
  const problems = loaded.ok ? [] : loaded.refusal.problems
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ok: loaded.ok, problems, warnings })}\n`)
  } else {
    for (const line of [...problems.map(problemLine), ...warnings.map(warningLine)]) process.stdout.write(`${line}\n`)
    if (loaded.ok) process.stdout.write(`The configuration of store "${loaded.value.config.store.id}" is in order.\n`)
  }
  return loaded.ok ? EXIT.ok : EXIT.configuration
}

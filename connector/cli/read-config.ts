import type { ConnectorConfig } from '../config/config.ts'
import type { ConfigProblem, ConfigWarning } from '../config/config-problem.ts'
import { loadConfig } from '../config/load-config.ts'

export const problemLine = (problem: ConfigProblem): string => (problem.notPaired
  ? `${problem.file}:${problem.line}:${problem.column}: ${problem.key}: not paired yet (${problem.found}); run: tillbridge-connector pair --config ${problem.file}`
  : `${problem.file}:${problem.line}:${problem.column}: ${problem.key}: expected ${problem.expected}; found ${problem.found}`)
export const warningLine = (warning: ConfigWarning): string => `${warning.file}:${warning.line}:${warning.column}: ${warning.key}: warning: ${warning.message}`

/** Loads the configuration for a command, and says on stderr what is wrong with it. Null when it cannot be used. */
export function readConfig(path: string): ConnectorConfig | null {
  const loaded = loadConfig(path)
  const { warnings } = loaded.ok ? loaded.value : loaded.refusal
  for (const warning of warnings) process.stderr.write(`${warningLine(warning)}\n`)
  if (loaded.ok) return loaded.value.config
  for (const problem of loaded.refusal.problems) process.stderr.write(`${problemLine(problem)}\n`)
  return null
}

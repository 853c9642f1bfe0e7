import { log } from '../log.ts'
import { settingFaults } from './settings.ts'

const known = new WeakMap<object, readonly string[]>()

/** What keeps this installation from serving (settings.ts), looked at and logged once in the life of an isolate. */
export function faultsOf(env: Env): readonly string[] {
  const before = known.get(env)
  if (before) return before
  const faults = settingFaults(env)
  for (const fault of faults) log('settings.fault', { fault })
  known.set(env, faults)
  return faults
}

import { CommanderError } from 'commander'
import { vi } from 'vitest'
import { createProgram } from './program.ts'

export type Said = { code: number | null; stdout: string; stderr: string }

/**
 * The command line in this process: what is said and the exit code, without the second that a process of its own needs to start. Commands
 * open and close the journal as they do there. What a process is by itself (signals, being killed, two of them at once) is not shown by it.
 */
export async function runCommand(...args: string[]): Promise<Said> {
  const said: Said = { code: null, stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) => vi.spyOn(process[name], 'write').mockImplementation((text) => {
    said[name] += String(text)
    return true
  }))
  // Instead of ending this process.
  const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new CommanderError(Number(code ?? 0), 'ended', 'ended')
  })
  try {
    await createProgram((code) => {
      said.code = code
    }).parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    said.code = error.exitCode
  } finally {
    for (const spy of [...spies, exit]) spy.mockRestore()
  }
  return said
}

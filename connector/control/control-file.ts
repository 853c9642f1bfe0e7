import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

/** Where the running connector takes commands, the token that shows that the caller may read its files, and which process it is. */
const ControlFile = z.object({ url: z.url(), token: z.string().min(32), pid: z.int().optional() })
export type ControlFile = z.infer<typeof ControlFile>

export const controlFileOf = (journalFile: string): string => `${journalFile}.control`

/** Beside the journal, for the connector's own user (and root) alone: other users of the machine and pages in a browser cannot read it. */
export function writeControlFile(journalFile: string, content: ControlFile): void {
  const file = controlFileOf(journalFile)
  const fresh = `${file}.${process.pid}`
  rmSync(fresh, { force: true })
  writeFileSync(fresh, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(fresh, file)
}

export const removeControlFile = (journalFile: string): void => rmSync(controlFileOf(journalFile), { force: true })

/** `null`: no connector has left one. `denied`: it is another user's. */
export function readControlFile(journalFile: string): ControlFile | 'denied' | null {
  try {
    const parsed = ControlFile.safeParse(JSON.parse(readFileSync(controlFileOf(journalFile), 'utf8')))
    return parsed.success ? parsed.data : null
  } catch (error) {
    return error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM') ? 'denied' : null
  }
}

/** The process that left the file, if it still runs; `null` where nobody can say. */
export function runningProcess(journalFile: string): number | null {
  const left = readControlFile(journalFile)
  if (left === null || left === 'denied' || left.pid === undefined) return null
  try {
    process.kill(left.pid, 0)
    return left.pid
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? left.pid : null
  }
}

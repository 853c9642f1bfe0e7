import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** A process of the house, the leader of its own process group. */
export type Running = {
  pid: number
  /** The line with which it said that it is ready. */
  ready: { url: string }
  /** SIGTERM to the group, SIGKILL to what is left after a while. Answers when the leader has ended. */
  stop(): Promise<void>
  /** SIGKILL to the whole group at once, as a power cut would. */
  kill(): Promise<void>
}

type Command = { name: string; args: string[]; env?: Record<string, string>; logFile: string; readyEvent: string; readyWithinMs: number }

/** A connector drains what it has begun before it ends; longer than that is a hang. */
const STOP_WITHIN_MS = 15_000
/** How much of a log is worth showing when its process does not start. */
const LOG_TAIL_CHARS = 3_000

const groups = new Set<number>()
process.on('exit', () => {
  for (const pid of groups) signalGroup(pid, 'SIGKILL')
})

/**
 * Starts `node ARGS` as a process group of its own, its stderr in `logFile`, and answers once it prints its ready line.
 * It does not outlive us, whatever ends us. Throws with the end of its log when it ends first.
 */
export async function startProcess({ name, args, env, logFile, readyEvent, readyWithinMs }: Command): Promise<Running> {
  const log = openSync(logFile, 'a', 0o600)
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', log], env: { ...process.env, ...env } })
  closeSync(log)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const pid = child.pid
  if (pid === undefined || !child.stdout) throw new Error(`${name} cannot be started`)
  groups.add(pid)
  const guard = guardGroup(pid)
  void ended.then(() => {
    signalGroup(pid, 'SIGKILL')
    groups.delete(pid)
    guard.kill('SIGKILL')
  })

  const lines = createInterface({ input: child.stdout })
  const firstReady = new Promise<{ url: string }>((resolve) => lines.on('line', (line) => {
    const ready = readyLine(line, readyEvent)
    if (ready) resolve(ready)
  }))
  const timeout = new Promise<'late'>((resolve) => setTimeout(resolve, readyWithinMs, 'late').unref())
  const outcome = await Promise.race([firstReady, ended.then(() => 'ended' as const), timeout])
  if (typeof outcome === 'string') {
    signalGroup(pid, 'SIGKILL')
    const tail = readFileSync(logFile, 'utf8').slice(-LOG_TAIL_CHARS)
    throw new Error(`${name} ${outcome === 'late' ? `was not ready within ${readyWithinMs / 1000} s` : 'ended before it was ready'}; its log (${logFile}) ends:\n${tail}`)
  }
  return {
    pid,
    ready: outcome,
    stop: async () => {
      signalGroup(pid, 'SIGTERM')
      const late = setTimeout(() => signalGroup(pid, 'SIGKILL'), STOP_WITHIN_MS)
      await ended
      clearTimeout(late)
    },
    kill: async () => {
      signalGroup(pid, 'SIGKILL')
      await ended
    },
  }
}

/** A small shell that holds a pipe to us; when the pipe closes, whatever closed it, the group ends. */
function guardGroup(pid: number): ChildProcess {
  return spawn('sh', ['-c', 'read _; kill -s KILL -- "-$1"', 'guard', String(pid)], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
}

function readyLine(line: string, event: string): { url: string } | null {
  if (!line.startsWith('{')) return null
  try {
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed !== 'object' || parsed === null || !('event' in parsed) || parsed.event !== event) return null
    return { url: 'url' in parsed && typeof parsed.url === 'string' ? parsed.url : '' }
  } catch {
    return null
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

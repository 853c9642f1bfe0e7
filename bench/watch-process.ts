import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** What Linux says of a process. */
export type ProcessUse = { cpuMs: number; rssMb: number }

const KIB_PER_MB = 1024
const MS_PER_S = 1000

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** Processor time so far (user and system, all threads) and what is resident now. */
export function useOf(pid: number): ProcessUse {
  // The name in brackets may hold anything, spaces too; the fields that follow it are counted from its end.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [utime = NaN, stime = NaN] = fields.slice(11, 13).map(Number)
  return { cpuMs: ((utime + stime) * MS_PER_S) / ticksPerSecond, rssMb: kib(pid, 'VmRSS') / KIB_PER_MB }
}

/** A server that has a process for each connection: with all of them. What such a process had used before it ended is lost. */
export function useOfServer(pid: number): ProcessUse {
  const uses = [useOf(pid), ...childrenOf(pid).flatMap((child) => {
    try {
      return [useOf(child)]
    } catch {
      // It ended between two looks.
      return []
    }
  })]
  return { cpuMs: uses.reduce((sum, { cpuMs }) => sum + cpuMs, 0), rssMb: uses.reduce((sum, { rssMb }) => sum + rssMb, 0) }
}

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number))

/** The most that was resident since the last `forgetPeak`. */
export const peakRssMb = (pid: number): number => kib(pid, 'VmHWM') / KIB_PER_MB

/** What `proc(5)` calls resetting the peak resident set size. */
export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5')

function kib(pid: number, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (found === null) throw new Error(`/proc/${pid}/status has no ${field}`)
  return Number(found[1])
}

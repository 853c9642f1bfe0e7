import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

const MAIN = path.resolve(import.meta.dirname, '../../connector/main.ts')

export type Ended = { code: number | null; stdout: string; stderr: string; /** Its command line as every user of the machine could see it. */ seen: string }
export type Given = { stdin?: string; env?: Record<string, string>; cwd?: string }

/** Runs one command of the connector to its end, as a person's shell would. */
export function command(args: readonly string[], { stdin, env, cwd }: Given = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env }, ...(cwd ? { cwd } : {}) })
    const said = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()))
    const seen = child.pid === undefined ? '' : commandLine(child.pid)
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...said, seen }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin ?? '')
  })
}

export const commandLine = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')

/** The one JSON object that a command printed. */
export const jsonOf = ({ stdout }: Ended): unknown => JSON.parse(stdout)

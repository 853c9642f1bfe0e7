import { spawn } from 'node:child_process'
import path from 'node:path'

const CONNECTOR_COMMAND = path.resolve(import.meta.dirname, '../../connector/main.ts')

/** How a connector ended that was not wanted. */
export type Ended = { exitCode: number | null; stderr: string }

/** Runs a connector that is expected to end by itself, and answers how. It is ended after `withinMs`, with no exit code. */
export function runConnector(configFile: string, withinMs: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CONNECTOR_COMMAND, 'run', '--config', configFile], { stdio: ['ignore', 'ignore', 'pipe'], timeout: withinMs, killSignal: 'SIGKILL' })
    let stderr = ''
    child.stderr.on('data', (piece: Buffer) => { stderr += piece.toString() })
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, stderr }))
  })
}

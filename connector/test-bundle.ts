import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { BUNDLE_NAME, bundleConnector } from './bundle.ts'
import { SECRET, testFolder } from './test-shop.ts'

/** The bundle alone in a folder outside of this tree, with nothing beside it that it could load. */
export type BundleUnderTest = {
  folder: ReturnType<typeof testFolder>
  write(name: string, text: string): void
  /** Runs it to its end. */
  call(...args: string[]): Promise<{ code: number | null; out: string; err: string }>
  /** Runs it until `isDone` says so, then stops it in good order. */
  runUntil(isDone: () => boolean, ...args: string[]): Promise<{ code: number | null; out: string; err: string }>
  remove(): void
}

/** Longer than a start on a busy machine. */
const PATIENCE_MS = 20_000

export async function bundleUnderTest(): Promise<BundleUnderTest> {
  const built = testFolder()
  const folder = testFolder()
  const file = await bundleConnector(built.path)
  copyFileSync(file, folder.file(BUNDLE_NAME))
  built.remove()
  mkdirSync(folder.file('home'))
  writeFileSync(folder.file('store.secret'), SECRET, { mode: 0o600 })

  const start = (args: string[]) => {
    const child = spawn(process.execPath, [folder.file(BUNDLE_NAME), ...args], { cwd: folder.path, env: { HOME: folder.file('home'), PATH: '' }, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { out: '', err: '' }
    child.stdout.on('data', (data: Buffer) => { said.out += data.toString() })
    child.stderr.on('data', (data: Buffer) => { said.err += data.toString() })
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }))
    return { child, ended }
  }
  return {
    folder,
    write: (name, text) => writeFileSync(folder.file(name), text, { mode: 0o600 }),
    call: (...args) => start(args).ended,
    async runUntil(isDone, ...args) {
      const { child, ended } = start(args)
      const deadline = performance.now() + PATIENCE_MS
      while (!isDone() && child.exitCode === null && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
      child.kill('SIGTERM')
      return ended
    },
    remove: () => folder.remove(),
  }
}

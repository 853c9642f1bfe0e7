import { execFile } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { breaches, type SourceFile } from './house-rules.ts'
import { OFFLINE_ENV } from './local/offline.ts'

const ROOT = path.resolve(import.meta.dirname, '..')

function tree(): SourceFile[] {
  return ['contract', 'workers', 'connector', 'client', 'journeys', 'bench', 'deploy'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => path.posix.join(folder, name))
      .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
      .map((name) => ({ path: name, text: readFileSync(path.join(ROOT, name), 'utf8') })))
}

/** Exit code and output of one of the tools of the tree. */
const run = (script: string, args: string[]): Promise<{ code: number; output: string }> =>
  promisify(execFile)(process.execPath, [path.join(ROOT, script), ...args], { cwd: ROOT, env: { ...process.env, ...OFFLINE_ENV } })
    .then(({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }), (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, output: error.stdout + error.stderr }))

const breach = (file: string, text: string) => breaches([{ path: file, text }]).join('\n')

describe('the house', () => {
  it('keeps the rules of its architecture', () => {
    const files = tree()
    expect(files.length).toBeGreaterThan(50)
    expect(breaches(files).join('\n')).toBe('')
  })
})

describe('the rules notice', () => {
  it('a connector that reaches into the edge', () => {
    expect(breach('connector/edge/sender.ts', "import { home } from '../../workers/inventory/home.ts'")).toContain('over HTTP')
  })
  it('a contract that knows a platform', () => {
    expect(breach('contract/order.ts', "import { Buffer } from 'node:buffer'")).toContain('both sides')
    expect(breach('contract/order.ts', "import { z } from 'zod'\nimport { Sku } from './values.ts'")).toBe('')
  })
  it('a use case that holds a database', () => {
    expect(breach('workers/orders/place-order.ts', "import { drizzle } from 'drizzle-orm/d1'")).toContain('take a port')
    expect(breach('workers/orders/db.ts', "import { drizzle } from 'drizzle-orm/d1'")).toBe('')
  })
  it('a capability that reaches into another one\'s rim', () => {
    expect(breach('workers/orders/place-order.ts', "import { read } from '../stores/db.ts'")).toContain('workers/ports.ts')
    expect(breach('workers/ports.ts', "import { read } from './stores/db.ts'")).toBe('')
    expect(breach('workers/orders/place-order.ts', "import type { Inventory } from '../inventory/port.ts'")).toBe('')
  })
  it('a journey that knows the edge from inside', () => {
    expect(breach('journeys/crash/crash.journey.test.ts', "import { weighs } from '../../workers/inventory/counter.ts'")).toContain('interfaces')
  })
  it('a client that brings the Worker along', () => {
    expect(breach('client/index.ts', "import { toOrder } from '../workers/orders/order.ts'")).toContain('types')
    expect(breach('client/index.ts', "import type { Order } from '../contract/order.ts'")).toBe('')
  })

  it('a deployment that knows the Worker beyond what it is set up by', () => {
    expect(breach('deploy/plan.ts', "import { createPorts } from '../workers/ports.ts'")).toContain('settings.ts')
    expect(breach('deploy/plan.ts', "import { settingFaults } from '../workers/gateway/settings.ts'")).toBe('')
  })
  it('a clock read where time should be passed in', () => {
    expect(breach('workers/orders/order.ts', 'const now = Date.now()')).toContain('Clock')
    expect(breach('connector/journal/inbox.ts', 'const now = new Date()')).toContain('Clock')
    expect(breach('workers/orders/order.ts', '// never Date.now() here\nconst day = new Date(at)')).toBe('')
  })
  it('drawers, and files that grow for ever', () => {
    expect(breach('workers/orders/utils.ts', '')).toContain('drawer')
    expect(breach('contract/types.ts', '')).toContain('drawer')
    expect(breach('workers/orders/order.ts', 'x\n'.repeat(301))).toContain('301 lines')
  })
})

describe('the lint', () => {
  it('fires on a forgotten promise, in the edge and beside it', async () => {
    for (const folder of ['workers', 'journeys', 'connector', 'contract']) {
      const scratch = await mkdtemp(path.join(ROOT, folder, 'lint-proof-'))
      try {
        const file = path.join(scratch, 'forgetful.ts')
        await writeFile(file, 'const later = async (): Promise<number> => 1\nexport function forget(): void {\n  later()\n}\n')
        const { code, output } = await run('node_modules/oxlint/bin/oxlint', ['--type-aware', file])
        expect(output, folder).toContain('no-floating-promises')
        expect(code, folder).toBe(1)
      } finally {
        await rm(scratch, { recursive: true, force: true })
      }
    }
  })
})

describe('the check of the generated binding types', () => {
  it('fires when wrangler.toml has another binding than the types', async () => {
    const scratch = await mkdtemp(path.join(tmpdir(), 'tillbridge-types-'))
    try {
      const config = readFileSync(path.join(ROOT, 'wrangler.toml'), 'utf8').replace('main = "workers/', `main = "${ROOT}/workers/`)
      const check = async (toml: string) => {
        const file = path.join(scratch, 'wrangler.toml')
        await writeFile(file, toml)
        return run('node_modules/wrangler/bin/wrangler.js', ['types', 'workers/worker-configuration.d.ts', '--strict-vars=false', '--check', '-c', file])
      }
      const renamed = await check(config.replace('binding = "ORDERS"', 'binding = "RENAMED"'))
      expect(renamed.output).toContain('out of date')
      expect(renamed.code).toBe(1)
      expect((await check(config)).output).toContain('up to date')
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  })
})

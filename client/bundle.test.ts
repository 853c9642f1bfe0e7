import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleClient } from './bundle.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const GZIPPED_MAX = 5_000
const run = promisify(execFile)

/** As in a shop's own project: the package, what it needs, and nothing of this repository. */
let project: string
let size: { bytes: number; gzipped: number }
const compile = async (text: string, ...options: string[]): Promise<string> => {
  await writeFile(path.join(project, 'shop.ts'), text)
  return run(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable,dom.asynciterable', ...options, 'shop.ts'], { cwd: project })
    .then(({ stdout }) => stdout, (error: { stdout: string }) => error.stdout)
}

beforeAll(async () => {
  project = await mkdtemp(path.join(tmpdir(), 'tillbridge-shop-'))
  await mkdir(path.join(project, 'node_modules'))
  await writeFile(path.join(project, 'package.json'), '{ "type": "module" }')
  size = await bundleClient(path.join(project, 'node_modules/tillbridge'))
  await symlink(path.join(ROOT, 'node_modules/zod'), path.join(project, 'node_modules/zod'))
}, 60_000)
afterAll(() => rm(project, { recursive: true, force: true }))

/** What a storefront developer is told to write. */
const [, SNIPPET = ''] = /```ts\n([^]*?)```/.exec(readFileSync(path.join(ROOT, 'docs/storefront-developer.md'), 'utf8')) ?? []

describe('the package', () => {
  it(`is at most ${GZIPPED_MAX} bytes, gzipped`, () => {
    expect(size.gzipped).toBeLessThanOrEqual(GZIPPED_MAX)
    expect(size.gzipped).toBeGreaterThan(1_000)
  })

  it.each([['nodenext', 'nodenext'], ['esnext', 'bundler']])('fits what its page tells to write, in a project of its own (%s, %s)', async (module, resolution) => {
    expect(SNIPPET).toContain('createClient')
    expect(await compile(SNIPPET, '--module', module, '--moduleResolution', resolution)).toBe('')
  })

  it.each([
    ['a price as text', "const price: string = (await shop.products.get('A')).price.amountMinor", 'TS2322'],
    ['a line without a quantity', "await shop.quote({ lines: [{ sku: 'A' }], fulfillment: { method: 'ship' } })", 'TS2741'],
    ['shortages of another problem', "try { await shop.products.get('A') } catch (error) { if (isProblem(error, 'price-changed')) console.log(error.problem.shortages.length) }", 'TS18046'],
    ['a problem that there is not', "isProblem(null, 'out-of-tea')", 'TS2345'],
  ])('refuses %s', async (_, line, code) => {
    const found = await compile(`import { createClient, isProblem } from 'tillbridge/client'\nconst shop = createClient({ url: 'https://shop.example' })\n${line}\nexport { shop, isProblem }\n`, '--module', 'nodenext', '--moduleResolution', 'nodenext')
    expect(found).toContain(code)
    expect(found).not.toContain('TS2307')
  })

  it('runs without anything else', async () => {
    await rm(path.join(project, 'node_modules/zod'))
    await writeFile(path.join(project, 'shop.mjs'), "import { createClient, TillbridgeError } from 'tillbridge/client'\nconst shop = createClient({ url: 'http://127.0.0.1:1', retryForMs: 0 })\nawait shop.products.get('A').catch((error) => console.log(error instanceof TillbridgeError, error.type))\n")
    expect((await run(process.execPath, ['shop.mjs'], { cwd: project })).stdout.trim()).toBe('true no-answer')
  })
})

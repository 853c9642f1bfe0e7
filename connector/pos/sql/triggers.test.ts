import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { triggersSuite } from './test-triggers.ts'

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'triggers-')) })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

triggersSuite('sqlite', async () => {
  const file = join(folder, `${crypto.randomUUID()}.sqlite`)
  writeFileSync(file, '')
  return { dialect: 'sqlite', file, lockTimeoutMs: 5_000 }
})

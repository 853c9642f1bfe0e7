import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { posSuite } from '../pos-suite.ts'
import { createMemory } from '../test-memory.ts'
import { openCsvPos } from './csv-pos.ts'
import { createTill, shopFloor, testConfig } from './test-csv-shop.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'csv-pos-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

posSuite('files in a folder', async () => {
  const till = createTill(folder)
  const reopen = () => openCsvPos({ config: testConfig(folder), clock: till.now })
  const pos = reopen()
  return { pos, reopen, memory: createMemory(), floor: shopFloor(till, folder), close: () => pos.close() }
}, { counted: 'a line without a count says nothing of it' })

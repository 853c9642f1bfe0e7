import { statSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadConfig } from '../../config/load-config.ts'
import { SECRET, testFolder } from '../../test-shop.ts'
import { composeYaml } from './compose.ts'
import { takePrivatePlace } from './private-file.ts'
import { storeFiles } from './store-files.ts'
import { TEMPLATES } from './templates.ts'

let folder: ReturnType<typeof testFolder>
beforeEach(() => {
  folder = testFolder()
  writeFileSync(folder.file('shop.secret'), `${SECRET}\n`, { mode: 0o600 })
  writeFileSync(folder.file('shop.password'), 'hunter 2\n', { mode: 0o600 })
})
afterEach(() => folder.remove())

const BASICS = { edgeUrl: 'https://shop.example', storeId: 'main-street', journalFile: 'data/journal.sqlite', port: 8791, files: storeFiles('shop.yaml') }

describe('a template', () => {
  const variants = Object.entries(TEMPLATES).flatMap(([type, template]) => {
    const choice = template.questions.find(({ key }) => key === 'dialect')
    return (choice?.choices ?? ['']).map((dialect) => ({ type, dialect, template }))
  })
  test.each(variants)('of $type $dialect is loaded without a warning but of what is left to the shop', ({ type, dialect, template }) => {
    const answers: Record<string, string> = {}
    for (const { key, usual, only } of template.questions) if (only?.(answers) ?? true) answers[key] = key === 'dialect' ? dialect : (typeof usual === 'function' ? usual(answers) : usual) ?? folder.path
    writeFileSync(folder.file('shop.yaml'), composeYaml(BASICS, template, answers))
    const loaded = loadConfig(folder.file('shop.yaml'))
    // Queries for orders are the shop's own, so a new configuration has none, and says so.
    expect(loaded.ok ? loaded.value.warnings.map(({ key }) => key) : loaded.refusal).toEqual(type === 'sql' ? ['pos.orders'] : [])
    expect(loaded.ok && loaded.value.config.store.secrets).toEqual([SECRET])
  })

  test('takes any text as an answer', () => {
    const template = TEMPLATES['embedded']!
    writeFileSync(folder.file('shop.yaml'), composeYaml(BASICS, template, { file: 'C:\\Till "old"\\ #1: x\u00e9.db' }))
    const loaded = loadConfig(folder.file('shop.yaml'))
    expect(loaded.ok && 'file' in loaded.value.config.pos && loaded.value.config.pos.file).toContain('C:\\Till "old"\\ #1: x\u00e9.db')
  })
})

describe('a secret', () => {
  test('is its owner\'s alone, and replaces the old one in one step', () => {
    const file = folder.file('new/secret')
    const place = takePrivatePlace(file)
    expect(() => statSync(file)).toThrow('ENOENT')
    place.put('one')
    place.giveBack()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    takePrivatePlace(file).giveBack()
    expect(statSync(file).size).toBe(3)
  })
})

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { SqlConfig } from './sql-config.ts'

/** Every key of a JSON schema's objects, at any depth. Words that the shop chooses itself (`units`, `states`) are none. */
function keysOf(schema: unknown): Set<string> {
  const keys = new Set<string>()
  const look = (at: unknown): void => {
    if (Array.isArray(at)) return at.forEach(look)
    if (typeof at !== 'object' || at === null) return
    for (const [name, inner] of Object.entries(at)) {
      if (name === 'properties' && typeof inner === 'object' && inner !== null) {
        for (const [key, below] of Object.entries(inner)) {
          keys.add(key)
          look(below)
        }
      } else if (name !== 'default') look(inner)
    }
  }
  look(schema)
  return keys
}

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')
const example = read('./example-shop.yaml')

test('every key that a shop may set is named in the example, as a key', () => {
  const keys = keysOf(z.toJSONSchema(SqlConfig, { io: 'input', unrepresentable: 'any' }))
  // What a schema of other days would not show: three levels, a list, a union.
  for (const known of ['goods', 'sellable', 'mayMatchNone', 'caFile', 'watch', 'table', 'share', 'file']) expect(keys).toContain(known)
  const named = [...keys].filter((key) => new RegExp(`\\b${key}:|\`${key}\``).test(example))
  expect([...keys].filter((key) => !named.includes(key))).toEqual([])
})

test('every parameter of an order statement is named in the example', () => {
  const wrong = SqlConfig.safeParse({
    type: 'sql', dialect: 'sqlite', connection: { file: 'pos.sqlite' }, currency: 'USD',
    goods: { query: 'SELECT 1', columns: { key: 'a', sku: 'a', name: 'a', price: 'a' } },
    orders: { stockFallsAt: 'later', find: 'SELECT 1', states: {}, write: [{ run: 'SELECT :nothing', each: 'line', as: 'reference' }], changes: 'SELECT 1', oversell: 'allow' },
  })
  const parameters = (wrong.error?.issues[0]?.message.split(';')[0] ?? '').match(/:[a-zA-Z]+/g) ?? []
  expect(parameters).toHaveLength(24)
  expect(parameters.filter((each) => !new RegExp(`${each}\\b`).test(example))).toEqual([])
})

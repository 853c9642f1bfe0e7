import { expect, test } from 'vitest'
import { createSealer } from './secrets.ts'

const KEY = btoa('tillbridge tests: thirty-two byte')
const sealer = createSealer(KEY)

test('what is sealed comes back, and looks different every time', async () => {
  const sealed = await sealer.seal('main', 'tbsec_ä')
  expect(sealed).toMatch(/^v1\./)
  expect(sealed).not.toContain('tbsec')
  expect(await sealer.seal('main', 'tbsec_ä')).not.toBe(sealed)
  expect(await createSealer(KEY).unseal('main', sealed)).toBe('tbsec_ä')
})

test('another key, another store or a changed text does not open it', async () => {
  const sealed = await sealer.seal('main', 'x')
  const changed = sealed.slice(0, -6) + (sealed.at(-6) === 'A' ? 'B' : 'A') + sealed.slice(-5)
  await expect(createSealer(btoa('another key of thirty-two bytes.')).unseal('main', sealed)).rejects.toThrow()
  await expect(sealer.unseal('other', sealed)).rejects.toThrow()
  await expect(sealer.unseal('main', changed)).rejects.toThrow()
  await expect(sealer.unseal('main', 'plain')).rejects.toThrow('not a sealed text')
})

test('a master key that is none is said at once', async () => {
  await expect(createSealer('short').seal('main', 'x')).rejects.toThrow('MASTER_KEY')
})

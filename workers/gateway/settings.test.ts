import { expect, test } from 'vitest'
import { settingFaults } from './settings.ts'

const RANDOM_KEY = 'Zk3c0Jm1v8qXw2pT6yR9bN4dL7sG5hF0aE1uI8oQxYc='
const development = { ENVIRONMENT: 'development', INVENTORY_SHARDS: '64', ADMIN_TOKEN: 'dev-admin-token', MASTER_KEY: btoa('tillbridge tests: thirty-two byte') }
const production = { ENVIRONMENT: 'production', INVENTORY_SHARDS: '64', ACCESS_TEAM_DOMAIN: 'shop.cloudflareaccess.com', ACCESS_AUD: 'a1'.repeat(32), MASTER_KEY: RANDOM_KEY }

test.each([
  ['development with its defaults', development],
  ['production behind Access', production],
  ['staging behind Access, with a token that is no default', { ...production, ENVIRONMENT: 'staging', ADMIN_TOKEN: 'left over' }],
])('%s serves', (_, settings) => expect(settingFaults(settings)).toEqual([]))

test.each([
  ['nothing at all', {}, ['ENVIRONMENT', 'INVENTORY_SHARDS', 'MASTER_KEY', 'ACCESS_TEAM_DOMAIN', 'ACCESS_AUD']],
  ['an environment nobody knows', { ...production, ENVIRONMENT: 'prod' }, ['ENVIRONMENT']],
  ['production with the default token', { ...production, ADMIN_TOKEN: 'dev-admin-token' }, ['ADMIN_TOKEN']],
  ['production with the key of the tests', { ...production, MASTER_KEY: development.MASTER_KEY }, ['MASTER_KEY']],
  ['production with a key of zeros', { ...production, MASTER_KEY: btoa('\0'.repeat(32)) }, ['MASTER_KEY']],
  ['production with half a key', { ...production, MASTER_KEY: btoa(atob(RANDOM_KEY).slice(0, 16)) }, ['MASTER_KEY']],
  ['production with a key that is no base64', { ...production, MASTER_KEY: '###' }, ['MASTER_KEY']],
  ['production without Access', { ...production, ACCESS_TEAM_DOMAIN: '', ACCESS_AUD: '' }, ['ACCESS_TEAM_DOMAIN', 'ACCESS_AUD']],
  ['a team with its scheme', { ...production, ACCESS_TEAM_DOMAIN: 'https://shop.cloudflareaccess.com' }, ['ACCESS_TEAM_DOMAIN']],
  ['a least version that is none', { ...production, CONNECTOR_VERSION_MIN: 'latest' }, ['CONNECTOR_VERSION_MIN']],
  ['a number of homes that is none', { ...production, INVENTORY_SHARDS: '0' }, ['INVENTORY_SHARDS']],
  ['development that nobody can open', { ...development, ADMIN_TOKEN: '' }, ['ADMIN_TOKEN']],
])('%s does not, and says why', (_, settings, named) => {
  const faults = settingFaults(settings)
  expect(faults.map((fault) => fault.split(' ')[0])).toEqual(named)
  for (const value of Object.values(settings)) if (value.length > 12) expect(faults.join()).not.toContain(value)
})

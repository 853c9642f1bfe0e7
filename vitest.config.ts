import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

/** What the operator would set as secrets; these are for tests only. */
Object.assign(process.env, { ADMIN_TOKEN: 'test-admin-token', MASTER_KEY: btoa('tillbridge tests: thirty-two byte') })

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          // The simulation is one long file: beside it, on the other core, the rest goes through.
          maxWorkers: 2,
          include: ['{contract,workers,connector,client,journeys,bench,deploy}/**/*.test.ts'],
          exclude: ['**/*.worker.test.ts', '**/*.journey.test.ts', '**/*.db.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: { bindings: { TEST_MIGRATIONS: await readD1Migrations('./migrations') } },
          })),
        ],
        test: {
          name: 'workerd',
          include: ['workers/**/*.worker.test.ts'],
          setupFiles: ['./workers/db/test-setup.ts'],
          deps: { optimizer: { ssr: { enabled: true, include: ['itty-durable'] } } },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'databases',
          include: ['connector/**/*.db.test.ts'],
          globalSetup: ['./connector/pos/test-databases-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'journeys',
          include: ['journeys/**/*.journey.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          // They wait for one another's processes more than they work: two at a time take three fifths of the time.
          maxWorkers: 2,
        },
      },
    ],
  },
})

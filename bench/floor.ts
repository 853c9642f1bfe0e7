import path from 'node:path'
import { build } from 'esbuild'
import { SERVICE_ENVIRONMENT } from '../connector/cli/systemd-unit.ts'
import { startProcess, type Running } from '../journeys/local/processes.ts'
import type { BenchShop } from './shop.ts'

const READY_WITHIN_MS = 10_000

/** The least that a program in Node can be which waits for changes: one file, one connection, one `SELECT 1` a second. What the connector costs is told beside it. */
export async function startFloor(target: NonNullable<BenchShop['floor']>, folder: string): Promise<Running> {
  const outfile = path.join(folder, 'floor.mjs')
  await build({
    stdin: { contents: target.dialect === 'mysql' ? MYSQL : POSTGRES, resolveDir: path.resolve(import.meta.dirname, '..') },
    outfile, bundle: true, format: 'esm', platform: 'node', external: ['pg-native'], logLevel: 'warning',
    banner: { js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url)" },
  })
  return startProcess({
    name: 'the floor', args: [outfile], env: { ...SERVICE_ENVIRONMENT, FLOOR_TARGET: JSON.stringify(target) }, logFile: path.join(folder, 'floor.log'), readyEvent: 'floor.ready', readyWithinMs: READY_WITHIN_MS,
  })
}

const OPEN = 'const { host, port, user, password, database } = JSON.parse(process.env.FLOOR_TARGET)'
const POLL = "await db.query('SELECT 1'); setInterval(() => void db.query('SELECT 1'), 1000); process.stdout.write(JSON.stringify({ event: 'floor.ready', url: 'http://127.0.0.1/' }) + '\\n')"
const MYSQL = `import mysql from 'mysql2/promise'; ${OPEN}; const db = await mysql.createConnection({ host, port, user, password, database }); ${POLL}`
const POSTGRES = `import pg from 'pg'; ${OPEN}; const db = new pg.Client({ host, port, user, password, database }); await db.connect(); ${POLL}`

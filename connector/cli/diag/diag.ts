import { zipSync, strToU8 } from 'fflate'
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemClock, toInstant } from '../../../contract/clock.ts'
import { loadConfig } from '../../config/load-config.ts'
import { NoJournal, readJournal } from '../../journal/read-only.ts'
import { JournalRefused } from '../../journal/schema.ts'
import { examinations, examine } from '../doctor/doctor.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { problemLine, warningLine } from '../read-config.ts'
import { complain, faultText, say } from '../say.ts'
import { readStatus } from '../status.ts'
import { versions } from '../version.ts'
import { knownSecrets } from './known-secrets.ts'
import { redactLog, redactText, redactYaml } from './redact.ts'

export type DiagOptions = { out: string; log?: string | undefined; force?: boolean | undefined }

/** Two thousand lines are less. */
const LOG_TAIL_BYTES = 1_000_000
const NO_LINES = 'no line of it is one of the connector\'s: of a service of systemd, journalctl -u NAME -o cat leaves out what stands before each'

/** Packs what support needs. Each part that cannot be had says why in its place; no part holds orders, customers or secrets. */
export async function diag(configPath: string, options: DiagOptions): Promise<ExitCode> {
  const out = resolve(options.out)
  if (existsSync(out) && !options.force) {
    complain({ what: 'Nothing was packed', why: `${out} is there already`, todo: 'give another --out, or --force to write over it' })
    return EXIT.notDone
  }
  const loaded = loadConfig(configPath)
  // A store that is not paired yet has a POS, a disk and an edge to look at all the same.
  const config = loaded.ok ? loaded.value.config : loaded.refusal.unpaired ?? null
  const secrets = knownSecrets(configPath, process.env)
  const parts: Record<string, string> = { 'versions.json': text({ at: toInstant(systemClock()), ...versions() }) }
  const { warnings } = loaded.ok ? loaded.value : loaded.refusal
  parts['check.txt'] = [...(loaded.ok ? ['The configuration is in order.'] : loaded.refusal.problems.map(problemLine)), ...warnings.map(warningLine)].join('\n')
  parts['configuration.yaml'] = orWhy(() => redactYaml(readFileSync(configPath, 'utf8'), secrets))
  if (config) {
    parts['status.json'] = await readStatus(config).then(text, why)
    parts['doctor.json'] = text((await Promise.all(examinations(config).map(examine))).flat())
    parts['journal.json'] = orWhy(() => text(readJournal(config.journal.file, ({ inbox, outbox, refused, held, eventTypes }) =>
      ({ inbox: inbox.countByState(), unfinished: inbox.unfinished(), lastSeq: outbox.lastSeq(), acked: outbox.acked().seq, eventsByType: eventTypes(), refused: refused.count(), held: held.count() }))))
  }
  const { log } = options
  if (log !== undefined) parts['log.jsonl'] = orWhy(() => redactLog(tailOf(log), secrets) || NO_LINES)
  const packed = zipSync(Object.fromEntries(Object.entries(parts).map(([name, content]) => [`tillbridge-diag/${name}`, strToU8(redactText(content, secrets))])))
  try {
    writeFileSync(out, packed, { mode: 0o600, flag: options.force ? 'w' : 'wx' })
  } catch (error) {
    complain({ what: 'The archive cannot be written', why: `${out}: ${faultText(error)}`, todo: 'give another --out' })
    return EXIT.notDone
  }
  say(`${out} has ${Object.keys(parts).join(', ')}. It holds no orders, customers or secrets; look into it before you send it.`)
  return EXIT.ok
}

const text = (value: unknown): string => JSON.stringify(value, null, 2)
const why = (error: unknown): string => `not to be had: ${error instanceof NoJournal || error instanceof JournalRefused ? error.message : faultText(error)}`
function orWhy(part: () => string): string {
  try {
    return part()
  } catch (error) {
    return why(error)
  }
}

function tailOf(file: string): string {
  const handle = openSync(file, 'r')
  try {
    const { size } = fstatSync(handle)
    const buffer = Buffer.alloc(Math.min(size, LOG_TAIL_BYTES))
    const read = readSync(handle, buffer, 0, buffer.length, size - buffer.length)
    return buffer.toString('utf8', 0, read)
  } finally {
    closeSync(handle)
  }
}

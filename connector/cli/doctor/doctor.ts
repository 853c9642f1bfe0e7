import { Listr } from 'listr2'
import type { ConnectorConfig } from '../../config/config.ts'
import { loadConfig } from '../../config/load-config.ts'
import { systemMonotonic } from '../../edge/edge-clock.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { readConfig, warningLine } from '../read-config.ts'
import { faultText, say, sayJson, warn } from '../say.ts'
import { lookAtEdge } from './edge.ts'
import { broken, type Examination, type Finding } from './finding.ts'
import { lookAtDesk, lookAtDisk, lookAtJournal, lookAtServer } from './machine.ts'
import { lookAtOrders } from './orders.ts'
import { lookAtPos } from './pos.ts'
import { lookAtTunnel } from './tunnel.ts'

/** A store that is not paired yet has a POS, a disk and an edge to look at all the same. */
function readForDoctor(configPath: string): { config: ConnectorConfig; findings: Finding[] } | null {
  const loaded = loadConfig(configPath)
  const unpaired = loaded.ok ? undefined : loaded.refusal.unpaired
  if (loaded.ok || unpaired === undefined) {
    const config = readConfig(configPath)
    return config && { config, findings: [] }
  }
  for (const warning of loaded.refusal.warnings) warn(warningLine(warning))
  return {
    config: unpaired,
    findings: [broken('pairing', `not paired yet: ${loaded.refusal.problems.map(({ found }) => found).join(', ')}`, `ask the operator for a pairing code and run: tillbridge-connector pair --config ${configPath}`)],
  }
}

/** Everything the doctor looks at, in the order in which a fault would explain the next. */
export function examinations(config: ConnectorConfig): Examination[] {
  return [
    { title: 'This machine', look: async () => lookAtDisk(config, systemMonotonic) },
    { title: 'The journal', look: async () => lookAtJournal(config).findings },
    { title: 'The connector', look: () => lookAtServer(config) },
    { title: 'Web orders', look: async () => lookAtWaiting(config) },
    { title: 'The POS', look: () => lookAtPos(config) },
    { title: 'The edge', look: () => lookAtEdge(config) },
    { title: 'The tunnel', look: () => lookAtTunnel(config) },
    { title: 'The desk', look: async () => lookAtDesk(config, lookAtJournal(config).status?.running ?? false) },
  ]
}

/** Of a journal that cannot be read no more is to be said. */
function lookAtWaiting(config: ConnectorConfig): Finding[] {
  const { status } = lookAtJournal(config)
  return status === null ? [] : lookAtOrders(config.journal.file, status.running)
}

/** Looks, and answers what was found even when looking itself broke. */
export async function examine({ title, look }: Examination): Promise<Finding[]> {
  try {
    return await look()
  } catch (error) {
    return [broken(title.toLowerCase(), `it could not be looked at (${faultText(error)})`, 'run the doctor as the connector\'s user, and report this if it stays')]
  }
}

const SIGN = { ok: '✔', warn: '!', fail: '✖' } as const

/** Changes nothing, takes no lock, no epoch and no lease: safe beside a running connector. */
export async function doctor(configPath: string, options: { json?: boolean | undefined }): Promise<ExitCode> {
  const read = readForDoctor(configPath)
  if (!read) return EXIT.configuration
  const { config } = read
  const findings: Finding[] = [...read.findings]
  const tasks = new Listr(examinations(config).map((examination) => ({
    title: examination.title,
    async task(_: unknown, task: { title: string | undefined }) {
      const found = await examine(examination)
      findings.push(...found)
      const worst = found.some(({ level }) => level === 'fail') ? 'something is broken' : found.some(({ level }) => level === 'warn') ? 'worth a look' : 'in order'
      task.title = `${examination.title}: ${worst}`
    },
    // Progress is for a person at a terminal; elsewhere the findings say it all.
  })), { renderer: process.stdout.isTTY && !options.json ? 'default' : 'silent' })
  await tasks.run()

  const failed = findings.filter(({ level }) => level === 'fail').length
  const warned = findings.filter(({ level }) => level === 'warn').length
  if (options.json) sayJson({ ok: failed === 0, failed, warned, findings })
  else {
    for (const { name, level, detail, fix } of findings) say(`${SIGN[level]} ${name}: ${detail}${fix === null ? '' : `\n    fix: ${fix}`}`)
    say(failed > 0 ? `\n${failed} to mend${warned > 0 ? `, ${warned} worth a look` : ''}.` : warned > 0 ? `\nNothing is broken; ${warned} worth a look.` : '\nEverything is in order.')
  }
  return failed > 0 ? EXIT.attention : EXIT.ok
}

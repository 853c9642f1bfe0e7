import { isIP } from 'node:net'
import { z } from 'zod'
import { secretFilePath } from './file-path.ts'
import { secretValue } from './secret-value.ts'

/** A PIN is typed on a tablet's keys many times. Wrong tries are limited (desk/pin-guard.ts), so that six digits stand for a year and a half of guessing; four would stand for a week. */
export const Pin = z.string().regex(/^\d{6,12}$/, '6 to 12 digits, in quotes')

const DAY_MINUTES = 1440
const minutes = z.int().min(1).max(DAY_MINUTES)
/** A shopper who comes for a pickup within the half hour finds it ready. */
const WARN_AFTER_MINUTES = 10
const RED_AFTER_MINUTES = 30

/** The desk page. It is always at the server's own address for a browser on this machine; `port` opens it to others. */
export const DeskConfiguration = z.object({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).optional(),
  pin: secretValue(Pin).optional(),
  pinFile: secretFilePath('pin').optional(),
  warnAfterMinutes: minutes.default(WARN_AFTER_MINUTES),
  redAfterMinutes: minutes.default(RED_AFTER_MINUTES),
})

/** As the connector uses it. `listen` is the address for tablets; without a PIN it is this machine's own. */
export type DeskConfig = { listen: { host: string; port: number; pin: string | null } | null; warnAfterMinutes: number; redAfterMinutes: number }

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))

type Wrong = { key: string; expected: string; found: string }

/** What no schema can say: keys that need one another. `readPin` answers what stands in the PIN's file, or why it cannot be read. */
export function readDesk(desk: z.output<typeof DeskConfiguration>, readPin: (file: string) => { pin: string } | { wrong: string }): DeskConfig | { wrong: Wrong[] } {
  const { host, port, pinFile, warnAfterMinutes, redAfterMinutes } = desk
  const wrong: Wrong[] = []
  const read = pinFile === undefined ? null : readPin(pinFile)
  if (read && 'wrong' in read) wrong.push({ key: 'desk.pinFile', expected: 'a readable file with 6 to 12 digits on one line', found: read.wrong })
  if (desk.pin !== undefined && pinFile !== undefined) wrong.push({ key: 'desk.pin', expected: 'desk.pin or desk.pinFile, not both', found: 'both' })
  const pin = desk.pin ?? (read && 'pin' in read ? read.pin : null)
  if (!isLoopback(host)) {
    if (port === undefined) wrong.push({ key: 'desk.port', expected: `a port for the desk at ${host}`, found: 'nothing' })
    if (pin === null && read === null) wrong.push({ key: 'desk.pinFile', expected: `a file with the desk's PIN (or desk.pin), because others reach ${host}`, found: 'neither' })
  }
  if (warnAfterMinutes > redAfterMinutes) wrong.push({ key: 'desk.warnAfterMinutes', expected: `at most desk.redAfterMinutes (${redAfterMinutes})`, found: `number ${warnAfterMinutes}` })
  return wrong.length > 0 ? { wrong } : { listen: port === undefined ? null : { host, port, pin }, warnAfterMinutes, redAfterMinutes }
}

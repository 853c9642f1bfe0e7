import { createBell } from '../bell.ts'
import type { DeskConfig } from '../config/desk-config.ts'
import type { RunningServer } from '../delivery/server.ts'
import { systemMonotonic } from '../edge/edge-clock.ts'
import { faultFields } from '../fault.ts'
import { createDesk, type Desk, type DeskParts } from './desk.ts'
import { listenForDesk } from './listen.ts'
import { createPinGuard } from './pin-guard.ts'
import { createDeskRoutes, type DeskAccess } from './routes.ts'
import { createSessions } from './session.ts'

export type OpenDesk = Desk & {
  /** For a browser on this machine, by the connector's own server. */
  fetch: ReturnType<typeof createDeskRoutes>['fetch']
  /** Serves the tablets until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** The shop's network may come up after the connector, or its address change hands for a moment. */
const LISTEN_AGAIN_MS = 15_000

/** The desk with both its ways in. That tablets cannot reach it is no reason for the connector to take no orders: it is tried again. */
export function openDesk(parts: DeskParts): OpenDesk {
  const desk = createDesk(parts)
  const { listen } = parts.config
  return {
    ...desk,
    fetch: createDeskRoutes(desk, { kind: 'local' }).fetch,
    run: (signal) => (listen ? serveTablets(parts, desk, listen, signal) : Promise.resolve()),
  }
}

async function serveTablets({ shop, log }: DeskParts, desk: Desk, address: NonNullable<DeskConfig['listen']>, signal: AbortSignal): Promise<void> {
  const guard = address.pin === null ? null : createPinGuard(address.pin, systemMonotonic)
  // A key that a full disk cannot keep is tried again, too.
  const access = (): DeskAccess =>
    (address.pin === null || guard === null ? { kind: 'local' } : { kind: 'pin', guard, sessions: createSessions(shop.journal.meta, address.pin, shop.now) })
  const bell = createBell()
  let failing = false
  while (!signal.aborted) {
    let server: RunningServer
    try {
      server = await listenForDesk(desk, access(), address)
    } catch (error) {
      if (!failing) log.error({ event: 'desk.cannot-listen', host: address.host, port: address.port, hint: 'tablets cannot open the desk: look at desk.host and desk.port, and whether another program uses them; it is tried again', ...faultFields(error) })
      failing = true
      await bell.wait(LISTEN_AGAIN_MS, signal)
      continue
    }
    log.info({ event: 'desk.listening', url: `${server.url}/desk`, pin: address.pin !== null })
    await bell.wait(null, signal)
    await server.close()
  }
}

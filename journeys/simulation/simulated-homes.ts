import { DatabaseSync } from 'node:sqlite'
import { availabilityOf } from '../../workers/inventory/availability.ts'
import { ASK_AGAIN_MS, askKey, dueOf, settle } from '../../workers/inventory/broom.ts'
import { applyCommand, available, decideReserve, explain, safetyStockOf, keptOf } from '../../workers/inventory/counter.ts'
import type { Counter } from '../../workers/inventory/counter.ts'
import { openBook, openHome } from '../../workers/inventory/db.ts'
import type { HomeRpc } from '../../workers/inventory/durable-inventory.ts'
import type { Arbiter, DueReservation } from '../../workers/inventory/port.ts'
import type { World } from './simulated-edge.ts'
import type { Actor } from './stage.ts'
import { mustWeigh } from './truths.ts'

export const SHARDS = 3

/** `SqlStorage` of an object, over SQLite in memory. */
function sqlOver(sqlite: DatabaseSync) {
  return {
    exec(sql: string, ...bindings: (string | number | null)[]) {
      if (bindings.length === 0 && /^\s*(CREATE|--)/.test(sql)) {
        sqlite.exec(sql)
        return { toArray: () => [], rowsWritten: 0 }
      }
      const statement = sqlite.prepare(sql)
      if (/^\s*SELECT/i.test(sql)) {
        const rows = statement.all(...bindings)
        return { toArray: () => rows, rowsWritten: 0 }
      }
      return { toArray: () => [], rowsWritten: Number(statement.run(...bindings).changes) }
    },
  } as unknown as Pick<SqlStorage, 'exec'>
}

const graveOf = (home: number, assignmentId: string, attempt: string): string => `${home} ${assignmentId} ${attempt}`
const stateOf = ({ sku, level }: Counter) => (level === null ? [] : [{ sku, onHand: level.onHand, epoch: level.epoch, seq: level.seq, asOf: level.asOf }])

/** The homes of the counters: real rows, real decisions; only the platform around them is simulated. */
export function createHomes({ stage, faults, later, now, violation }: World) {
  const homes = Array.from({ length: SHARDS }, () => {
    const sqlite = new DatabaseSync(':memory:')
    return { sqlite, db: openHome(sqlOver(sqlite)) }
  })
  const postponed = new Map<string, number>()
  /** Every attempt that was ever released, kept outside the rows that should remember it. */
  const buried = new Set<string>()

  const change = <T>(number: number, work: (book: ReturnType<typeof openBook>) => T): T => {
    const home = homes[number]
    if (!home) throw new Error('no such home')
    home.sqlite.exec('BEGIN')
    try {
      const book = openBook(home.db)
      const answer = work(book)
      book.close()
      home.sqlite.exec('COMMIT')
      return answer
    } catch (error) {
      home.sqlite.exec('ROLLBACK')
      throw error
    }
  }
  const dbOf = (number: number) => {
    const home = homes[number]
    if (!home) throw new Error('no such home')
    return home.db
  }

  /** What a grant may never do, computed without the code that granted. */
  const checkGrant = (counter: Counter): void => {
    const held = new Map<string, number>()
    for (const reservation of counter.reservations) if (mustWeigh(reservation, counter.level)) held.set(reservation.assignmentId, Math.max(held.get(reservation.assignmentId) ?? 0, reservation.quantity))
    const sum = [...held.values()].reduce((a, b) => a + b, 0)
    if (counter.level === null || sum > counter.level.onHand - safetyStockOf(counter)) violation('oversold', `granted beyond the level: ${counter.sku} has ${counter.level?.onHand} and owes ${sum}`)
  }

  const homeOf = (actor: Actor) => (number: number): HomeRpc => {
    const call = async <T>(name: string, work: () => T): Promise<T> => {
      await stage.pass(actor, `home ${number} ${name}`)
      if (faults.strikes('home unreachable', 0.01)) throw new Error('the home cannot be reached')
      if (faults.strikes('home call late', 0.008)) {
        later(`home ${number} ${name}, late`, work)
        throw new Error('the home does not answer')
      }
      const answer = work()
      if (faults.strikes('home answer lost', 0.01)) throw new Error('the answer was lost')
      return answer
    }
    return {
      reserve: (_, request) => call(`reserve ${request.assignmentId} ${request.attempt.id}`, () => change(number, (book) => {
        const counters = request.demands.map((demand) => book.counter(demand.sku, request.storeId))
        const decided = decideReserve(counters, request, dbOf(number).isBuried(request.assignmentId, request.attempt))
        if (!decided.ok) return decided
        if (buried.has(graveOf(number, request.assignmentId, request.attempt.id))) violation('unsettled', `${request.assignmentId} was reserved after it was released`)
        decided.value.forEach(book.put)
        decided.value.forEach(checkGrant)
        return { ok: true as const }
      })),
      apply: (_, commands) => call(`apply ${commands.map((command) => `${command.type} ${command.sku}${'assignmentId' in command ? ` ${command.assignmentId}` : ''}`).join(', ')}`, () => change(number, (book) => commands.map((command) => {
        const { counter, outcome } = applyCommand(book.counter(command.sku, command.storeId), command)
        book.put(counter)
        if (command.type === 'release' && command.attempt) buried.add(graveOf(number, command.assignmentId, command.attempt.id))
        return command.type === 'release' && dbOf(number).bury(command.assignmentId, command.attempt, command.at) ? 'applied' as const : outcome
      }))),
      availability: (_, skus) => call('availability', () => skus.map((sku) => availabilityOf(sku, dbOf(number).countersOf(sku)))),
      explain: (_, sku) => call('explain', () => ({ sku, stores: dbOf(number).countersOf(sku).map(explain) })),
      statesOf: (_, storeId, skus) => call('statesOf', () => skus.flatMap((sku) => stateOf(dbOf(number).counter(sku, storeId)))),
      listStates: (_, storeId, afterSku, limit) => call('listStates', () => dbOf(number).countersOfStore(storeId, afterSku, limit).flatMap(stateOf)),
      reservations: (_, storeIds) => call('reservations', () => dbOf(number).countersWithReservations().filter(({ storeId }) => storeIds.includes(storeId)).flatMap(keptOf)),
      setSafetyStock: async () => undefined,
      setTelling: async () => undefined,
      setStop: async () => undefined,
      fetch: async () => new Response(null, { status: 426 }),
    }
  }

  return {
    homeOf,
    /** Every counter there is, looked at from outside. */
    counters: (): Counter[] => homes.flatMap(({ db, sqlite }) => sqlite.prepare('SELECT sku, store_id FROM counters').all().map((row) => db.counter(String(row['sku']), String(row['store_id'])))),
    availableOf: (counter: Counter): number | null => available(counter),
    /** Rises with every row written. */
    changes: (): number => homes.reduce((sum, { sqlite }) => sum + Number(sqlite.prepare('SELECT total_changes() AS n').get()?.['n']), 0),
    /** What the object's alarm does. */
    async broom(arbiter: Arbiter): Promise<void> {
      for (const [number, { db }] of homes.entries()) {
        const asks = new Map<string, { due: DueReservation; rows: Counter[] }>()
        for (const counter of db.countersWithReservations()) {
          for (const due of dueOf(counter, postponed, now())) {
            const ask = asks.get(askKey(due)) ?? { due, rows: [] }
            ask.rows.push(counter)
            asks.set(askKey(due), ask)
          }
        }
        if (asks.size === 0) continue
        const list = [...asks.values()]
        const verdicts = await arbiter(list.map(({ due }) => due), now()).catch(() => list.map(() => 'wait' as const))
        change(number, (book) => {
          for (const [place, { due, rows }] of list.entries()) {
            const verdict = verdicts[place] ?? 'wait'
            if (verdict === 'wait') postponed.set(askKey(due), now() + ASK_AGAIN_MS)
            if (verdict === 'release') {
              db.bury(due.assignmentId, due.attempt, now())
              buried.add(graveOf(number, due.assignmentId, due.attempt.id))
            }
            for (const { sku, storeId } of rows) book.put(settle(book.counter(sku, storeId), due, verdict, now()).counter)
          }
        })
      }
    },
  }
}

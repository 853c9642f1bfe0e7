import { statSync } from 'node:fs'
import { watch, type FSWatcher } from 'chokidar'
import { systemClock, type Clock } from '../../../contract/clock.ts'
import { createTurn } from '../../turn.ts'
import type { Pos, PosCapabilities } from '../port.ts'
import { readAiling } from './ailing.ts'
import type { CsvConfig } from './csv-config.ts'
import { makePlaces, openDropFolder } from './drop-folder.ts'
import { stateFileOf, type FileReport } from './file-report.ts'
import { forgetOld } from './forget.ts'
import { readItems, readLevels, unreadableSkus } from './goods-book.ts'
import { createIngest, type Ingest } from './ingest.ts'
import { cancelCsv, orderCsv } from './order-csv.ts'
import { demandOf, dropOrder, moveOrder, noteTaken, orderOf, putOrder, refusalOf, tellStep, unsureOrders, waitingOrders, type OrderState } from './order-book.ts'
import { openOrderFiles, type OrderFiles } from './order-files.ts'
import { readAnewIfChanged } from './read-anew.ts'
import { isFull, newestChange, readLog, writeCursor } from './read-log.ts'
import { REFUSALS_TOLD_MAX } from './reading-file.ts'
import { recover } from './recover.ts'
import { sendBack } from './send-back.ts'
import { CsvStateFault, openShopState, type ShopState } from './shop-state.ts'

/** Whoever asks for a level waits this long for files that lie there; a huge one is read on with the next question. */
const CATCH_UP_MS = 2_000
/** A reading holds the turn that orders wait for too. */
const READ_ON_MS = 1_000
/** An order that cannot be served by what is known waits this long for what lies there. */
const READ_BEFORE_REFUSING_MS = 2_000
/** Before there are goods nothing else can be done, so whoever needs them reads on: a try that ends sooner would wait longer for the next with each. */
const FIRST_GOODS_MS = 60_000
/** What is kept for a year need not be forgotten to the minute. */
const FORGET_EVERY_MS = 3_600_000

const STATE_OF: Record<OrderState, 'open' | 'picking' | 'ready' | 'done' | 'void'> = {
  writing: 'open', open: 'open', picking: 'picking', ready: 'ready', shipped: 'done', done: 'done', void: 'void',
}

type Opened = { state: ShopState; files: OrderFiles; ingest: Ingest; watcher: FSWatcher }
/** `onFile` hears what each file brought. */
export type CsvPosOptions = { config: CsvConfig; clock?: Clock; monotonic?: () => number; onFile?: (report: FileReport) => void }

/**
 * A POS that exchanges files, behind the port. The folder is opened when it is first needed and must exist: a share that is not mounted is a fault,
 * not an empty shop.
 */
export function openCsvPos({ config, clock = systemClock, monotonic = () => performance.now(), onFile }: CsvPosOptions): Pos {
  const turn = createTurn()
  let opened: Opened | null = null
  let closed = false
  let touched = true
  let looked = { at: Number.NEGATIVE_INFINITY, pending: false }
  let lastRead: number | null = null
  let forgetAt = Number.NEGATIVE_INFINITY

  const open = (): Opened => {
    if (closed) throw new CsvStateFault(`The folder ${config.folder} was closed`, 'This is a mistake in the program: nothing may use it after close()')
    if (!statSync(config.folder, { throwIfNoEntry: false })?.isDirectory()) throw new CsvStateFault(`There is no folder ${config.folder}`, 'Make it, or mount it, or mend pos.folder; it is tried again')
    if (opened) return opened
    makePlaces(config.folder)
    const state = openShopState(stateFileOf(config))
    const folder = openDropFolder(config, clock, monotonic)
    const files = openOrderFiles(config.folder)
    recover(state, files, config, clock())
    readAnewIfChanged(state, config)
    const watcher = watch(config.folder, { depth: 0, ignoreInitial: true, followSymlinks: false, ignorePermissionErrors: true })
    // Where the system tells nothing, or fails to, the scan finds it.
    watcher.on('all', () => { touched = true }).on('error', () => { touched = true })
    opened = { state, files, ingest: createIngest({ state, folder, config, now: clock, ...(onFile && { onFile }) }), watcher }
    return opened
  }

  /** What lies there first, then the question: one at a time. */
  const use = <T>(work: (opened: Opened) => T | Promise<T>, catchUpMs: number = CATCH_UP_MS): Promise<T> => turn(async () => {
    const all = open()
    settleOrders(all)
    const until = monotonic() + catchUpMs
    while (catchUpMs > 0 && await all.ingest.step() && monotonic() < until);
    return work(all)
  })

  /** Files decide whether an order that a crash left half written was given, and whether the POS has taken one. */
  const settleOrders = ({ state, files }: Opened): void => {
    const unsure = unsureOrders(state)
    const taken = waitingOrders(state).filter((id) => files.state(id) !== 'waiting')
    if (unsure.length + taken.length === 0) return
    state.transaction(() => {
      for (const id of unsure) {
        const given = files.state(id)
        if (given === 'absent' || given === 'staged') dropOrder(state, id)
        else moveOrder(state, id, given === 'void' ? 'void' : 'open')
      }
      for (const id of taken) {
        const given = files.state(id)
        if (given === 'void') moveOrder(state, id, 'void')
        // The machine lost its power, and with it the last rename: it was never given.
        else if (given === 'absent' || given === 'staged') dropOrder(state, id)
        else noteTaken(state, id, clock(), config.orders.bookedWithinMs)
      }
    })
  }

  const mustKnowGoods = async ({ state, ingest }: Opened): Promise<void> => {
    const isKnown = (): boolean => config.goods.come === 'none' || state.meta('goodsKnown') !== null
    const until = monotonic() + FIRST_GOODS_MS
    while (!isKnown() && await ingest.step() && monotonic() < until);
    if (isKnown()) return
    if (ingest.pending()) throw new CsvStateFault('The first file of goods is still being read', 'Nothing need be done: it goes on with the next try')
    throw new CsvStateFault(`No file of goods has been read from ${config.folder} yet`, `Let the POS drop one (${config.goods.files.join(', ')}); look into rejected/ for one that was refused. Until then the catalogue is unknown, not empty`)
  }

  const takeBack = ({ state, files }: Opened, assignmentId: string): 'voided' | 'refused' | 'absent' => {
    const given = files.state(assignmentId)
    if (given === 'absent' || given === 'staged') {
      files.forget(assignmentId)
      return 'absent'
    }
    const known = orderOf(state, assignmentId)?.state
    if (given === 'void' || known === 'void') return 'voided'
    if (known === 'shipped' || known === 'done') return 'refused'
    if (!files.withdraw(assignmentId)) {
      if (config.orders.cancel === 'never') return 'refused'
      files.cancel(assignmentId, cancelCsv(assignmentId, config))
    }
    state.transaction(() => moveOrder(state, assignmentId, 'void'))
    return 'voided'
  }

  return {
    capabilities: capabilitiesOf(config),

    mayHaveChanged: () => turn(async () => {
      const { state, ingest } = open()
      if (lastRead === null || newestChange(state) !== lastRead) return true
      // A file that has to settle is looked at until it has.
      const scan = touched || looked.pending || monotonic() - looked.at >= config.scanEveryMs
      if (!scan) return false
      touched = false
      looked = { at: monotonic(), pending: ingest.pending() }
      if (!looked.pending && config.settleMs > 0) setTimeout(() => { touched = true }, config.settleMs).unref()
      return looked.pending
    }),

    readChanges: (cursor) => turn(async () => {
      const all = open()
      settleOrders(all)
      const until = monotonic() + READ_ON_MS
      let stepped = await all.ingest.step()
      while (stepped && monotonic() < until && !isFull(all.state, cursor)) stepped = await all.ingest.step()
      if (!stepped && monotonic() >= forgetAt && !forgetOld(all.state, all.files, config, clock())) forgetAt = monotonic() + FORGET_EVERY_MS
      const { lastChange, full, ...changes } = readLog(all.state, cursor)
      lastRead = lastChange
      return { ...changes, more: stepped || full }
    }),

    currentCursor: () => use(({ state }) => writeCursor(state, newestChange(state))),

    readSnapshot: (afterSku, limit) => use(async (all) => {
      await mustKnowGoods(all)
      const { state } = all
      // One more than asked tells whether there is another page.
      const skus = state.all('SELECT sku FROM goods WHERE item IS NOT NULL AND sku > ? ORDER BY sku LIMIT ?', afterSku ?? '', limit + 1).map((row) => String(row['sku']))
      const page = skus.slice(0, limit)
      const done = skus.length <= limit
      return { items: readItems(state, page), levels: readLevels(state, page), done, unreadable: unreadableSkus(state, afterSku ?? '', done ? null : page.at(-1) ?? ''), refused: done ? readAiling(state, REFUSALS_TOLD_MAX) : [] }
    }),

    readAgain: (key) => turn(async () => {
      const answer = sendBack(open().state, config, key)
      if (answer.again) touched = true
      return answer
    }),

    readLevels: (skus) => use(({ state }) => readLevels(state, skus)),

    findOrder: (assignmentId) => use(({ state, files }) => {
      const given = files.state(assignmentId)
      if (given === 'absent' || given === 'staged') return null
      const known = given === 'void' ? 'void' : orderOf(state, assignmentId)?.state ?? 'open'
      return { posReference: assignmentId, state: STATE_OF[known], stockFell: known !== 'void' }
    }),

    writeOrder: (order) => use(async (all) => {
      await mustKnowGoods(all)
      const { state, files } = all
      const { assignmentId } = order
      const written = { ok: true as const, posReference: assignmentId, stockFell: true }
      const given = files.state(assignmentId)
      if (given === 'void' || orderOf(state, assignmentId)?.state === 'void') return { ok: false, reason: 'invalid', detail: `${assignmentId} was taken back or refused` }
      if (given !== 'absent' && given !== 'staged') return written
      const until = monotonic() + READ_BEFORE_REFUSING_MS
      let refusal = refusalOf(state, order, config.orders.oversell)
      // What would make it possible may lie there unread: no order is lost to a slow machine.
      while (refusal && await all.ingest.step() && monotonic() < until) refusal = refusalOf(state, order, config.orders.oversell)
      if (refusal && all.ingest.pending()) throw new CsvStateFault('An order waits for files that are still being read', 'Nothing need be done: it is tried again')
      if (refusal) return refusal
      const entry = { method: order.fulfillment.method, lines: [...demandOf(order)].map(([sku, quantity]) => ({ sku, quantity })) }
      state.transaction(() => putOrder(state, assignmentId, entry, clock()))
      files.give(assignmentId, orderCsv(order, config), JSON.stringify(entry))
      state.transaction(() => moveOrder(state, assignmentId, 'open'))
      return written
    }),

    voidOrder: (assignmentId) => use((all) => takeBack(all, assignmentId)),

    staffStep: (assignmentId, step) => use((all) => {
      // The POS has no place for a step that it did not take itself; only a refusal can still reach it.
      if (step.kind !== 'refuse') return 'desk-only'
      const answer = takeBack(all, assignmentId)
      if (answer !== 'voided') return { refused: 'The POS has taken this order: refuse it there' }
      all.state.transaction(() => tellStep(all.state, assignmentId, 'refused', step.reason, clock()))
      return 'in-pos'
    }),

    close: () => turn(async () => {
      closed = true
      const all = opened
      opened = null
      await all?.watcher.close()
      await all?.ingest.close()
      all?.state.close()
    }),
  }
}

export function capabilitiesOf(config: CsvConfig): PosCapabilities {
  const { whole } = config.goods
  return {
    name: 'files in a folder (CSV)',
    takesOrders: true,
    // The level is told less the orders that the POS has not booked, so for the edge it falls as an order is written.
    stockFallsAt: 'accept',
    duplicates: 'never',
    // By a file of all goods, where some are.
    seesDeletes: whole !== false,
    changes: 'cursor',
    seenAfterMs: config.settleMs + config.scanEveryMs,
  }
}

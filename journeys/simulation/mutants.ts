/** A fault planted in the product's own code: one change in one file, that the simulation must find. */
export type Mutant = { name: string; breaks: string; file: string; find: string; replace: string }

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'watermark-too-late', breaks: 'rules 3: `>=` for `>`: the level read back with the acceptance does not end the reservation',
    file: 'workers/inventory/counter.ts', find: 'seq: level.asOf })\n}', replace: 'seq: level.asOf - 1 })\n}',
  },
  {
    name: 'released-at-acceptance', breaks: 'rules 3: the reservation goes with the acceptance of a till whose stock falls later',
    file: 'workers/orders/store-event.ts', find: 'position } : { type: \'confirm\', ...about }',
    replace: 'position } : { type: \'release\', storeId, sku, assignmentId, at: now }',
  },
  {
    name: 'levels-left-to-the-reconcile', breaks: 'rules 4: what the till counts is told by the hourly comparison alone',
    file: 'connector/capture/capture.ts', find: 'const events: OutgoingEvent[] = [...flowing, ', replace: 'const events: OutgoingEvent[] = [...flowing.filter(({ type }) => type !== \'stock.counted\'), ',
  },
  {
    name: 'reads-not-serialised', breaks: 'rules 3: two readings of one SKU at once, the older told last',
    file: 'connector/turn.ts', find: 'const mine = last.then(work, work)', replace: 'const mine = work()',
  },
  {
    name: 'old-level-wins', breaks: 'rules 3: a level that comes late replaces a newer one',
    file: 'workers/inventory/counter.ts', find: 'if (counter.level !== null && !isNewer(command, counter.level))', replace: 'if (false as boolean)',
  },
  {
    name: 'no-tombstone', breaks: 'rules 5: a late reserve of what was released goes in',
    file: 'workers/inventory/counter.ts', find: 'if (releasedBefore) return', replace: 'if (false as boolean) return',
  },
  {
    name: 'unconfirmed-does-not-weigh', breaks: 'rules 5: a reservation whose order is not known yet does not count',
    file: 'workers/inventory/counter.ts', find: 'if (without(reservation) || !weighs(reservation, counter.level)) continue', replace: 'if (without(reservation) || reservation.state === \'reserved\' || !weighs(reservation, counter.level)) continue',
  },
  {
    name: 'released-on-unknown', breaks: 'rules 5: an unknown answer of D1 is taken for a no, and the goods are released',
    file: 'workers/orders/place-order.ts', find: 'if (await ports.orders.insert(order)) {', replace: 'if (await ports.orders.insert(order).catch(() => false)) {',
  },
  {
    name: 'broom-does-not-ask', breaks: 'rules 5: what is due is released although D1 has no word about it',
    file: 'workers/orders/arbiter.ts', find: 'if (!row) return due.state === \'reserved\' ? \'wait\' : \'missing\'', replace: 'if (!row || !row.assignments.some(({ state }) => state === \'accepted\')) return \'release\'',
  },
  {
    name: 'struck-attempt-goes-in', breaks: 'rules 5: an order goes in although the broom has struck its attempt',
    file: 'workers/orders/d1-orders.ts', find: 'sql`${orders.status} = \'abandoned\' AND instr(\' \' || ${orders.abandoned} || \' \', \' \' || excluded.attempt || \' \') = 0`', replace: 'sql`${orders.status} = \'abandoned\'`',
  },
  {
    name: 'retry-is-a-new-order', breaks: 'rules 2: the order\'s id does not come from the Idempotency-Key alone',
    file: 'workers/orders/place-order.ts', find: 'call.channel.channelId, call.idempotencyKey)', replace: 'call.channel.channelId, `${call.idempotencyKey} ${ports.clock()}`)',
  },
  {
    name: 'no-outbox', breaks: 'rules 1: the order\'s row does not say that its message is owed',
    file: 'workers/orders/place-order.ts', find: 'dueAt: now + (paidBy === null ? HAND_OVER_WITHIN_MS : paymentReservationMs(paidBy)),', replace: 'dueAt: null,',
  },
  {
    name: 'cancel-releases-early', breaks: 'rules 6: a cancel gives the goods back before the store has answered',
    file: 'workers/orders/cancel-order.ts', find: 'await askStores(ports, after, after.assignments.filter(isRecalled), requestId)', replace: 'for (const each of after.assignments.filter(isRecalled)) await releaseAssignment(ports, after, each.assignmentId)\n  await askStores(ports, after, after.assignments.filter(isRecalled), requestId)',
  },
  {
    name: 'taken-back-after-offer', breaks: 'rules 6: what a store was offered is taken back without its word',
    file: 'workers/stores/link.ts', find: 'if (work === null || work.acceptBy === null) return { kind: \'struck\' }', replace: 'if (work === null || work.state !== \'handed-over\') return { kind: \'struck\' }',
  },
  {
    name: 'struck-and-offered', breaks: 'rules 6: the link forgets what it has struck, and offers it',
    file: 'workers/stores/run-link.ts', find: 'const decided = takeBack(work, now)\n      if (decided.kind === \'struck\') {\n        book.strike(assignmentId, now)', replace: 'const decided = takeBack(work, now)\n      if (decided.kind === \'struck\') {',
  },
  {
    name: 'new-epoch-offers-nothing', breaks: 'rules 2: a new journal is not offered what the old one had',
    file: 'workers/stores/link.ts', find: 'return givenAway ? again : {', replace: 'return givenAway || work.state === \'handed-over\' ? again : {',
  },
  {
    name: 'no-lookup-before-write', breaks: 'rules 2: an order is written to the POS without looking whether it is there',
    file: 'connector/delivery/accept-order.ts', find: 'if (found) return accept(', replace: 'if (found && row.state === \'done\') return accept(',
  },
  {
    name: 'no-tombstone-in-the-shop', breaks: 'rules 6: a cancel that comes before its work is forgotten, and the work is done',
    file: 'connector/delivery/request-cancel.ts', find: 'journal.inbox.insert({ assignmentId, bodyHash: null, assignment: null, state: \'struck\', cancel: \'requested\' }, now)\n      return', replace: 'journal.append([struckEvent(assignmentId, now)])\n      return',
  },
  {
    name: 'reroute-reserves-unwritten', breaks: 'rules 5: a part is handed over although its goods were not reserved',
    file: 'workers/orders/route-missing.ts', find: 'order: answer.ok ? assigned(', replace: 'order: reason !== undefined ? assigned(',
  },
]

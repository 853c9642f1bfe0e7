/** What one side says: of the till's books by (day, channel, kind), of its shelf by SKU, of its tickets by name. Money in minor units. */
export type Told = {
  totals: ReadonlyMap<string, { count: number; minor: number }>
  stock: ReadonlyMap<string, number>
  tickets: ReadonlyMap<string, { kind: string; minor: number; lines: readonly string[] }>
}

/** An order may end on the web before its till has heard of it. */
const neverCame = (here: unknown, ticket: { kind: string } | undefined): boolean => here === undefined && ticket?.kind === 'cancelled'

/** Money of the shop's own files that its till does not have, or has beside it. Tickets are not counted: one of the files' is two where it has an item at two prices. */
export const notBooked = (files: ReadonlyMap<string, number>, till: Pick<Told, 'totals'>): string[] =>
  [...files].flatMap(([key, minor]) => (till.totals.get(key)?.minor === minor ? [] : [`total of ${key}: the files have ${minor}, the till ${till.totals.get(key)?.minor ?? 'nothing'}`]))

/** Every penny, piece and ticket in which the web's side is not the till's. A ticket that is listed twice is told by `twice`. */
export function differencesOf(till: Told, web: Told, twice: readonly string[] = []): string[] {
  return [
    ...twice.map((id) => `ticket ${id} stands in the list twice`),
    ...compared('total of', till.totals, web.totals, ({ count, minor }) => `${count} for ${minor}`),
    ...compared('stock of', till.stock, web.stock, String),
    ...compared('ticket', till.tickets, new Map([...web.tickets].filter(([id, ticket]) => !neverCame(till.tickets.get(id), ticket))), ({ kind, minor, lines }) => `${kind} ${minor}: ${lines.toSorted((a, b) => (a < b ? -1 : 1)).join(', ')}`),
  ]
}

function compared<T>(what: string, till: ReadonlyMap<string, T>, web: ReadonlyMap<string, T>, show: (value: T) => string): string[] {
  return [...new Set([...till.keys(), ...web.keys()])].flatMap((key) => {
    const [here, there] = [till.get(key), web.get(key)].map((value) => (value === undefined ? 'nothing' : show(value)))
    return here === there ? [] : [`${what} ${key}: the till has ${here}, the web ${there}`]
  })
}

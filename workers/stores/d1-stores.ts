import { and, asc, eq, gt } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { z } from 'zod'
import { Transport } from '../../contract/operator.ts'
import { Rounding } from '../../contract/money.ts'
import { OpeningHours, SpecialDays } from '../../contract/store.ts'
import { stores } from '../db/schema.ts'
import { Fault } from '../fault.ts'
import type { Store, StoreBook } from './port.ts'
import { createSealer } from './secrets.ts'
import type { Sealer } from './secrets.ts'
import { SECRETS_MAX, SELL_STALE_FOR_MS } from './store.ts'

type Row = typeof stores.$inferSelect
const Sealed = z.array(z.string()).max(SECRETS_MAX)
const SealedTransport = z.looseObject({ accessClientSecret: z.string().optional() })

/** Stores in D1. Signing secrets and the Access secret are sealed with the Worker's master key, each to its store. */
export function createStoreBook(d1: D1Database, masterKey: string, previous: string | null = null): StoreBook {
  const db = drizzle(d1)
  const sealer = createSealer(masterKey, previous)
  const seal = async (storeId: string, secrets: readonly string[]): Promise<string> =>
    JSON.stringify(await Promise.all(secrets.slice(0, SECRETS_MAX).map((secret) => sealer.seal(storeId, secret))))

  return {
    async find(storeId) {
      const [row] = await db.select().from(stores).where(eq(stores.storeId, storeId)).limit(1)
      return row ? toStore(row, sealer) : null
    },

    async list() {
      const rows = await db.select().from(stores).orderBy(asc(stores.priority), asc(stores.storeId))
      return Promise.all(rows.map((row) => toStore(row, sealer)))
    },

    async insert(store) {
      const { storeId, name, timeZone, safetyStock, catalogSource, paused, priority, sellStaleForMs, createdAt } = store
      const row = {
        storeId, name, timeZone, safetyStock, catalogSource, paused, priority, createdAt,
        transport: JSON.stringify(await sealTransport(store, sealer)),
        secrets: await seal(storeId, store.secrets),
        openingHours: toColumn(store.openingHours),
        sellStaleForMs: chosenPatience(sellStaleForMs),
        rounding: JSON.stringify(store.rounding), specialDays: JSON.stringify(store.specialDays), pickupLeadMinutes: store.pickupLeadMinutes,
      }
      return (await db.insert(stores).values(row).onConflictDoNothing().returning({ storeId: stores.storeId })).length > 0
    },

    async rotateSecret(storeId, secret) {
      const [row] = await db.select().from(stores).where(eq(stores.storeId, storeId)).limit(1)
      if (!row) return false
      const { secrets } = await toStore(row, sealer)
      const rotated = await db.update(stores).set({ secrets: await seal(storeId, [secret, ...secrets]) })
        .where(and(eq(stores.storeId, storeId), eq(stores.secrets, row.secrets))).returning({ storeId: stores.storeId })
      return rotated.length > 0
    },

    async reseal() {
      let stored = 0
      for (const row of await db.select().from(stores)) {
        const { storeId } = row
        const secrets = await Promise.all(Sealed.parse(JSON.parse(row.secrets)).map(async (sealed) => (await sealer.renew(storeId, sealed)) ?? sealed))
        const transport = SealedTransport.parse(JSON.parse(row.transport))
        const accessClientSecret = transport.accessClientSecret === undefined ? undefined : (await sealer.renew(storeId, transport.accessClientSecret)) ?? transport.accessClientSecret
        const renewed = { secrets: JSON.stringify(secrets), transport: JSON.stringify({ ...transport, ...(accessClientSecret === undefined ? {} : { accessClientSecret }) }) }
        if (renewed.secrets === row.secrets && renewed.transport === row.transport) continue
        // One that was changed meanwhile was sealed with the key of today, or comes with the next call.
        stored += (await db.update(stores).set(renewed).where(and(eq(stores.storeId, storeId), eq(stores.secrets, row.secrets), eq(stores.transport, row.transport))).returning({ storeId: stores.storeId })).length
      }
      return stored
    },

    async change(storeId, { openingHours, sellStaleForMs, rounding, specialDays, ...change }) {
      await db.update(stores).set({
        ...change,
        ...(openingHours === undefined ? {} : { openingHours: toColumn(openingHours) }),
        ...(rounding === undefined ? {} : { rounding: JSON.stringify(rounding) }),
        ...(specialDays === undefined ? {} : { specialDays: JSON.stringify(specialDays) }),
        ...(sellStaleForMs === undefined ? {} : { sellStaleForMs: chosenPatience(sellStaleForMs) }),
      }).where(eq(stores.storeId, storeId))
    },

    async setPaused(storeId, paused) {
      await db.update(stores).set({ paused }).where(eq(stores.storeId, storeId))
    },

    async setSafetyStock(storeId, safetyStock) {
      await db.update(stores).set({ safetyStock }).where(eq(stores.storeId, storeId))
    },

    async setTransport(storeId, transport) {
      await db.update(stores).set({ transport: JSON.stringify(await sealTransport({ storeId, transport }, sealer)) }).where(eq(stores.storeId, storeId))
    },

    async setPriority(storeId, priority) {
      await db.update(stores).set({ priority }).where(eq(stores.storeId, storeId))
    },

    async setPairingCode(storeId, pairingHash, pairingExpiresAt) {
      await db.update(stores).set({ pairingHash, pairingExpiresAt }).where(eq(stores.storeId, storeId))
    },

    async spendPairingCode(storeId, codeHash, now) {
      const spent = await db.update(stores).set({ pairingHash: null, pairingExpiresAt: null })
        .where(and(eq(stores.storeId, storeId), eq(stores.pairingHash, codeHash), gt(stores.pairingExpiresAt, now)))
        .returning({ storeId: stores.storeId })
      return spent.length > 0
    },
  }
}

const toColumn = (hours: OpeningHours | null): string | null => (hours === null ? null : JSON.stringify(hours))
/** The default stays a default: whoever changes it changes it for the stores that never chose. */
const chosenPatience = (sellStaleForMs: number): number | null => (sellStaleForMs === SELL_STALE_FOR_MS ? null : sellStaleForMs)

async function sealTransport({ storeId, transport }: Pick<Store, 'storeId' | 'transport'>, sealer: Sealer): Promise<Transport> {
  if (transport.kind !== 'tunnel' || transport.accessClientSecret === undefined) return transport
  return { ...transport, accessClientSecret: await sealer.seal(storeId, transport.accessClientSecret) }
}

async function toStore(row: Row, sealer: Sealer): Promise<Store> {
  const { storeId, name, timeZone, safetyStock, catalogSource, paused, priority, createdAt } = row
  try {
    const sealedSecrets = Sealed.parse(JSON.parse(row.secrets))
    return {
      storeId, name, timeZone, safetyStock, catalogSource, paused, priority, createdAt,
      transport: await openTransport(row, sealer),
      secrets: await Promise.all(sealedSecrets.map((sealed) => sealer.unseal(storeId, sealed))),
      openingHours: row.openingHours === null ? null : OpeningHours.parse(JSON.parse(row.openingHours)),
      sellStaleForMs: row.sellStaleForMs ?? SELL_STALE_FOR_MS,
      rounding: Rounding.parse(JSON.parse(row.rounding ?? '{}')),
      specialDays: SpecialDays.parse(JSON.parse(row.specialDays ?? '[]')),
      pickupLeadMinutes: row.pickupLeadMinutes,
    }
  } catch {
    throw new Fault(`the row of store ${storeId} cannot be read`, 'was MASTER_KEY changed? Set it back, or register the store\'s secrets anew')
  }
}

/** What is stored is longer than what the contract allows (it is sealed), so only the opened whole is checked. */
async function openTransport(row: Row, sealer: Sealer): Promise<Transport> {
  const stored = SealedTransport.parse(JSON.parse(row.transport))
  const opened = stored.accessClientSecret === undefined ? stored : { ...stored, accessClientSecret: await sealer.unseal(row.storeId, stored.accessClientSecret) }
  return Transport.parse(opened)
}

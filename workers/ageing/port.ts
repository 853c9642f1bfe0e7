import type { AgeingReport } from '../../contract/ageing.ts'

/** Orders that wait for the staff of a store too long. `since`: when the oldest of them had come as it began (RFC 3339). */
export type StoreAgeing = { storeId: string; since: string; report: AgeingReport; updatedAt: number }

export type Ageing = {
  find(storeId: string): Promise<StoreAgeing | null>
  report(storeId: string, since: string, report: AgeingReport, now: number): Promise<void>
  over(storeId: string): Promise<void>
}

/** One thing looked at in a POS's database. `fail`: without it the shop is not served, or not all of it. `fix` says what to do when it is not in order. */
export type Inspection = { name: string; level: 'ok' | 'warn' | 'fail'; detail: string; fix: string | null }

export type Found = Omit<Inspection, 'name'>

export const good = (detail: string): Found => ({ level: 'ok', detail, fix: null })
export const doubtful = (detail: string, fix: string): Found => ({ level: 'warn', detail, fix })
export const bad = (detail: string, fix: string): Found => ({ level: 'fail', detail, fix })

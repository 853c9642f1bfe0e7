/** One thing that was looked at. `warn` works and will not for long, or not as meant; `fail` must be mended before the shop is served. */
export type Finding = { name: string; level: 'ok' | 'warn' | 'fail'; detail: string; fix: string | null }

export const fine = (name: string, detail: string): Finding => ({ name, level: 'ok', detail, fix: null })
export const doubtful = (name: string, detail: string, fix: string): Finding => ({ name, level: 'warn', detail, fix })
export const broken = (name: string, detail: string, fix: string): Finding => ({ name, level: 'fail', detail, fix })

/** A group of looks that belong together; none of them throws for what it finds. */
export type Examination = { title: string; look(): Promise<Finding[]> }

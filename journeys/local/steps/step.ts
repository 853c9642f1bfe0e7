import type { Demo } from '../demo.ts'

/** One claim of the story. It asserts against the other side's own data and answers what it saw, in words; it throws when the claim does not hold. */
export type Step = { name: string; run(demo: Demo): Promise<string> }

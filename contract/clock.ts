/** Epoch milliseconds. Time is passed in: whoever needs it takes a `Clock`, so a test can be any moment. */
export type Clock = () => number

/** The only place that reads the machine's clock. */
export const systemClock: Clock = () => Date.now()

/** RFC 3339 in UTC, for the wire. */
export const toInstant = (ms: number): string => new Date(ms).toISOString()

/** Epoch milliseconds of an RFC 3339 text that a schema has already accepted. */
export const fromInstant = (text: string): number => Date.parse(text)

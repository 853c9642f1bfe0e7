import { sha256Hex } from '../../contract/canonical.ts'

/** Of the hash of an idempotency key: names a return for good, and is short enough to be written on a label. */
const RETURN_ID_LENGTH = 16

export const returnIdOf = async (orderId: string, key: string): Promise<string> => `ret_${(await sha256Hex(`${orderId} ${key}`)).slice(0, RETURN_ID_LENGTH)}`

import type { SendWebhook } from '../webhooks/port.ts'
import type { SendAlert } from './port.ts'

/** A notice goes out like any webhook. */
export const createAlertSender = (send: SendWebhook): SendAlert => ({ url, secret }, id, notice) => send({ url, secrets: secret === null ? [] : [secret] }, id, JSON.stringify(notice))

import { badInputRefused } from './bad-input.ts'
import { badSignatureRefused } from './bad-signature.ts'
import { brokenFeedHeld } from './broken-feed.ts'
import { catalogueSynced } from './catalogue-synced.ts'
import { deadLetterReplayed } from './dead-letter.ts'
import { orderCancelled } from './order-cancelled.ts'
import { orderMail } from './order-mail.ts'
import { orderInTheTill, orderPlaced, statusBackOnTheWeb } from './order-placed.ts'
import { pagesServed } from './pages.ts'
import { pullPathAlone } from './pull-path.ts'
import { retriedOrderMetItself } from './retried-order.ts'
import { lastPieces, outOfStockRefused } from './scarce-stock.ts'
import type { Step } from './step.ts'
import { stockSynced } from './stock-synced.ts'
import { storeAwayAndBack } from './store-away.ts'
import { tillSaleSeenOnTheWeb } from './till-sale.ts'

/** What a newcomer watches: the loop, once around. */
export const LOOP: Step[] = [catalogueSynced, stockSynced, orderPlaced, orderInTheTill, orderMail, statusBackOnTheWeb, tillSaleSeenOnTheWeb]

/** And everything else that must hold. */
export const WHOLE_STORY: Step[] = [
  ...LOOP, pagesServed, retriedOrderMetItself, outOfStockRefused, lastPieces, orderCancelled, storeAwayAndBack, pullPathAlone,
  brokenFeedHeld, badSignatureRefused, deadLetterReplayed, badInputRefused,
]

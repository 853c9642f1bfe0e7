import type { WebOrder, SaleState } from './sales.ts'
import { CANCELLED, COMPLETED, SUSPENDED } from './sales.ts'

/** How this reading came upon a sale. */
export type Signs = {
  /** Its id, or its row among the web orders, was not there before. */
  isNew: boolean
  /** It stood open when it was last looked at. */
  wasOpen: boolean
  /** The stock log says that it took goods ("POS 12"), or gave them back ("Deleting sale 12"). */
  logged: boolean
  deleted: boolean
  /** What was told of it within the time in which the till may still repeat itself. */
  told: Told | null
}
export type Told = 'sale' | 'over'

/**
 * What to tell and what to keep. `open`: look again each time, for the till completes and cancels without any other sign where a sale holds
 * only services. A web order that is `done` is told as fallen (where stock fell only now), as completed and as a sale.
 */
export type Step = { keep: 'open' | Told | null; tell: 'nothing' | 'sale' | 'undone' | 'done' | 'refused' }

const nothing = (keep: Step['keep']): Step => ({ keep, tell: 'nothing' })

export function stepOf(state: SaleState | null, signs: Signs): Step {
  if (state === null || state.elsewhere) return nothing(null)
  return state.web ? webStep(state.status, state.web, signs) : tillStep(state.status, signs)
}

function tillStep(status: number, { told, isNew, wasOpen, logged, deleted }: Signs): Step {
  switch (status) {
    case COMPLETED:
      // A till that completes the same sale twice takes the goods twice; it is still one sale.
      return told === 'sale' || !(isNew || wasOpen || logged) ? nothing(told) : { keep: 'sale', tell: 'sale' }
    case SUSPENDED:
      return told === null ? nothing('open') : nothing(told)
    case CANCELLED:
      // Begun and cancelled between two readings: nobody heard of it. Deleted long after: it was told as a sale then.
      return told === 'sale' || (deleted && told === null && !isNew && !wasOpen) ? { keep: 'over', tell: 'undone' } : nothing('over')
    default:
      return nothing(told)
  }
}

function webStep(status: number, web: WebOrder, { told, isNew, wasOpen, logged, deleted }: Signs): Step {
  const signs = isNew || wasOpen || logged
  if (web.voided) {
    // Taken back by the web, and completed all the same by a cashier who had it on the screen: the goods are sold, to whoever stood there.
    return status === COMPLETED && web.shape === 'suspended' && logged && told !== 'sale' ? { keep: 'sale', tell: 'sale' } : nothing(told === 'sale' ? told : 'over')
  }
  if (isOpen(status, web)) return nothing(told ?? 'open')
  if (status === COMPLETED) return told === 'sale' || !signs ? nothing(told) : { keep: 'sale', tell: 'done' }
  if (told === 'over') return nothing('over')
  if (told === 'sale' || (deleted && !isNew && !wasOpen)) return { keep: 'over', tell: 'undone' }
  return isNew || wasOpen ? { keep: 'over', tell: 'refused' } : nothing(told)
}

/** A finished sale is still to be handed over while the payment that stands for the web order is on it. */
export const isOpen = (status: number, { shape, unpaid }: Pick<WebOrder, 'shape' | 'unpaid'>): boolean => (shape === 'suspended' ? status === SUSPENDED : status === COMPLETED && unpaid)

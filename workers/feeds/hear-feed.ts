import { canonicalJson } from '../../contract/canonical.ts'
import type { Clock } from '../../contract/clock.ts'
import type { HeartbeatRequest } from '../../contract/connect.ts'
import { feedWord } from '../../contract/feed.ts'
import type { DriftReport, FeedReport, Quarantine } from '../../contract/feed.ts'
import { letterId } from '../dead-letters/letter.ts'
import type { DeadLetters } from '../dead-letters/port.ts'
import type { Feeds, StoreFeed } from './port.ts'

export type HearFeedPorts = { clock: Clock; feeds: Feeds; deadLetters: Pick<DeadLetters, 'file' | 'find' | 'settle'> }

/** Letters about feeds come from no queue. */
const FEEDS = 'feeds'

/**
 * Notes what a heartbeat says of the store's feed and answers the words with which the operator's decision reaches it. The word
 * is said until the feed shows that it was heard, so no lost answer loses it; it names the quarantine it is about, so a late one
 * decides nothing else. What needs a person is one letter, settled when it is over. The row is written last: whatever fails
 * before it is done again with the next heartbeat.
 */
export async function hearFeed(ports: HearFeedPorts, storeId: string, beat: Pick<HeartbeatRequest, 'feed' | 'drift'>): Promise<string[]> {
  if (!beat.feed) return []
  const known = await ports.feeds.find(storeId)
  const said = { feed: beat.feed, drift: beat.drift ?? known?.drift ?? null }
  if (!known || canonicalJson({ feed: known.feed, drift: known.drift }) !== canonicalJson(said)) {
    await letterOfFeed(ports, storeId, known, said.feed)
    await letterOfDrift(ports, storeId, known?.drift ?? null, said.drift)
    await ports.feeds.report(storeId, said, ports.clock())
  }
  return wordsFor(said.feed, known?.decision ?? null)
}

/** What the connector has still to hear. */
export function wordsFor(feed: FeedReport, decision: StoreFeed['decision']): string[] {
  if (feed.state === 'flowing' || decision?.id !== feed.id) return []
  return decision.verdict === 'refuse' && feed.refused ? [] : [feedWord(decision.verdict, feed.id)]
}

async function letterOfFeed(ports: HearFeedPorts, storeId: string, known: StoreFeed | null, feed: FeedReport): Promise<void> {
  const before = known?.feed.state === 'quarantined' ? known.feed : null
  const now = feed.state === 'quarantined' ? feed : null
  if (now && !now.refused) await file(ports, storeId, quarantineOf(now), now.since, inWords(now), now)
  const over = before && (now === null || now.since !== before.since || (now.refused && !before.refused))
  if (!over) return
  const approved = known?.decision?.id === before.id && known.decision.verdict === 'approve' && now?.since !== before.since
  if (now?.since === before.since) return settle(ports, storeId, quarantineOf(before), 'discarded', 'refused: it stays held; the web keeps the last good state')
  return settle(ports, storeId, quarantineOf(before), approved ? 'replayed' : 'discarded', approved ? 'approved: what was held is on its way' : 'ended by itself: the POS came back, or said something else')
}

async function letterOfDrift(ports: HearFeedPorts, storeId: string, before: DriftReport | null, drift: DriftReport | null): Promise<void> {
  const [was, is] = [before?.unhealed ?? null, drift?.unhealed ?? null]
  if (is) {
    await file(ports, storeId, `drift ${is.since}`, is.since,
      `${is.skus} SKUs were mended and differ again (${is.sample.map(({ sku, cause }) => `${sku}: ${cause}`).join(', ')}). Look at these SKUs in the POS and at GET /admin/v1/inventory/{sku}.`, drift)
  }
  if (was && was.since !== is?.since) await settle(ports, storeId, `drift ${was.since}`, 'discarded', 'ended by itself: POS and edge agree')
}

const quarantineOf = ({ since }: Quarantine): string => `quarantine ${since}`

const inWords = ({ zeroed, removed, repriced, drifted, inStock, items }: Quarantine): string =>
  `The POS would take ${zeroed} of ${inStock} SKUs in stock to zero, remove ${removed} and reprice ${repriced} of ${items} items by more than half, and change ${drifted} others at once. `
  + 'Nothing of it was taken over. Look into the POS, then approve or refuse the feed.'

const nameOf = (storeId: string, what: string): Promise<string> => letterId(FEEDS, `${storeId} ${what}`)

async function file(ports: HearFeedPorts, storeId: string, what: string, since: string, lastError: string, report: object | null): Promise<void> {
  await ports.deadLetters.file([{
    letterId: await nameOf(storeId, what), queue: FEEDS, reason: 'needs_person', storeId, body: { storeId, since, report }, attempts: 1, lastError, filedAt: ports.clock(),
  }])
}

async function settle(ports: HearFeedPorts, storeId: string, what: string, state: 'replayed' | 'discarded', outcome: string): Promise<void> {
  const letter = await ports.deadLetters.find(await nameOf(storeId, what))
  if (letter?.state === 'waiting') await ports.deadLetters.settle(letter.letterId, letter.revision, state, outcome, ports.clock())
}

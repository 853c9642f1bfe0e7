import type { DriftReport, FeedDecision, FeedReport } from '../../contract/feed.ts'

/** How a store's feed stands, as its connector said last, and what the operator has said to it. */
export type StoreFeed = {
  storeId: string
  feed: FeedReport
  drift: DriftReport | null
  /** Of the quarantine with this id. */
  decision: { verdict: FeedDecision; id: string } | null
  updatedAt: number
}

export type Feeds = {
  find(storeId: string): Promise<StoreFeed | null>
  /** By store. There are hundreds, not millions. */
  list(): Promise<StoreFeed[]>
  /** What the connector says; the decision stays. */
  report(storeId: string, report: Pick<StoreFeed, 'feed' | 'drift'>, now: number): Promise<void>
  /** The later word counts. */
  decide(storeId: string, verdict: FeedDecision, id: string): Promise<void>
}

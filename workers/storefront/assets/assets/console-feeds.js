import { byId, element, say, tag, time } from './page.js'

/** How each store's feed stands. `operator` calls the operator API, `again` shows it anew. */
export async function showFeeds(operator, table, again) {
  const { items } = await operator('/feeds')
  return table(['Store', 'Feed', 'Events behind', 'Drift', 'Last compared', ''], items.map(({ storeId, feed, decision, drift, lag }) => [
    storeId, stateOf(feed, decision), lag?.events ?? '', drift ? driftInWords(drift) : '', drift ? time(drift.at) : 'not yet',
    feed?.state === 'quarantined' && decision !== 'approve' ? decide(operator, storeId, feed, again) : '',
  ]), 'No stores yet.')
}

function stateOf(feed, decision) {
  if (feed?.state !== 'quarantined') return tag(feed ? 'flows' : 'not heard yet', feed ? 'good' : '')
  const { zeroed, removed, repriced, drifted, inStock, items, since, sample, refused } = feed
  const what = [zeroed && `${zeroed} of ${inStock} to zero`, removed && `${removed} of ${items} removed`, repriced && `${repriced} repriced`, drifted && `${drifted} changed`].filter(Boolean).join(', ')
  return element('div', {},
    tag(decision === 'approve' ? 'approved, on its way' : refused ? 'refused, held' : 'held', 'bad'),
    element('p', { text: `${what}, since ${time(since)}` }),
    element('p', { class: 'quiet', text: sample.map(({ sku, kind, was, becomes }) => `${sku}: ${was ?? '–'} → ${kind === 'removed' ? 'gone' : becomes ?? 'changed'}`).join(' · ') }))
}

const driftInWords = ({ skus, units, compared, causes, unhealed }) =>
  `${skus} of ${compared} SKUs, ${units} units${skus > 0 ? ` (${Object.entries(causes).map(([cause, count]) => `${count} ${cause.replace('_', ' ')}`).join(', ')})` : ''}${unhealed ? `; ${unhealed.skus} not mended` : ''}`

function decide(operator, storeId, { id, refused }, again) {
  const button = (verdict, label) => element('button', { text: label, onclick: async () => {
    try {
      await operator(`/stores/${encodeURIComponent(storeId)}/feed/${verdict}`, { method: 'POST', body: { id } })
      say(byId('message'), `${storeId}: ${verdict === 'approve' ? 'approved' : 'refused'}; the store hears it with its next heartbeat.`, 'good')
    } catch (error) {
      say(byId('message'), error.message, 'bad')
    }
    await again()
  } })
  return element('div', {}, button('approve', 'Approve'), refused ? '' : button('refuse', 'Refuse'))
}

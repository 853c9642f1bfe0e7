import assert from 'node:assert/strict'
import { call } from '../edge-api.ts'
import type { Step } from './step.ts'

export const pagesServed: Step = {
  name: 'storefront and console served',
  run: async (demo) => {
    for (const path of ['/', '/console']) {
      const answer = await call(demo.edge.ready.url, { path })
      assert.equal(answer.status, 200, `${path}: ${answer.status}`)
      assert.match(answer.headers.get('Content-Type') ?? '', /text\/html/, path)
      const assets = [...answer.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, asset = '']) => asset)
      assert.ok(assets.length > 0, `${path} has no script or style`)
      for (const asset of assets) assert.equal((await call(demo.edge.ready.url, { path: asset })).status, 200, `${path} wants ${asset}`)
    }
    assert.equal((await call(demo.edge.ready.url, { path: '/healthz' })).status, 200)
    return 'both pages with their scripts and styles, and /healthz'
  },
}

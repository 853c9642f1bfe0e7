import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { storefrontPage } from './page.ts'

export const storefront = new Hono<{ Bindings: Env }>()

/** Nothing inline, nothing from another host, in nobody's frame. `connect-src 'self'` holds for the live WebSocket, too. */
const pageHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"], scriptSrc: ["'self'"], styleSrc: ["'self'"], imgSrc: ["'self'"], connectSrc: ["'self'"],
    formAction: ["'self'"], baseUri: ["'none'"], frameAncestors: ["'none'"],
  },
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
})

storefront.get('/', pageHeaders, (c) => c.html(storefrontPage(), 200, { 'Cache-Control': 'no-cache' }))

/** Scripts and styles of this page and of the console. */
storefront.get('/assets/*', async (c) => {
  const file = await c.env.ASSETS.fetch(c.req.raw)
  const answer = new Response(file.body, file)
  answer.headers.set('X-Content-Type-Options', 'nosniff')
  return answer
})

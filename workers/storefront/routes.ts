import { Hono } from 'hono'
import { pageHeaders } from '../gateway/page-headers.ts'
import { examplePage } from './example.ts'
import { storefrontPage } from './page.ts'

export const storefront = new Hono<{ Bindings: Env }>()

storefront.get('/example', pageHeaders, (c) => c.html(examplePage(), 200, { 'Cache-Control': 'no-cache' }))
storefront.get('/', pageHeaders, (c) => c.html(storefrontPage(), 200, { 'Cache-Control': 'no-cache' }))

/** Scripts and styles of this page and of the console. */
storefront.get('/assets/*', async (c) => {
  const file = await c.env.ASSETS.fetch(c.req.raw)
  // Its headers are to be added to.
  return new Response(file.body, file)
})

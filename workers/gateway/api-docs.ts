import { Hono } from 'hono'
import { html } from 'hono/html'
import { secureHeaders } from 'hono/secure-headers'
import { sha256Hex } from '../../contract/canonical.ts'
import { makeApiDocument } from './api-document.ts'
import type { AppEnv } from './context.ts'

/** It changes with a deployment. */
const CACHE_CONTROL = 'public, max-age=300'

/** As of our other pages, with one exception that Swagger UI needs: its style sheet holds its icons as `data:`. No script or style but ours, nothing from another host. */
const docsHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"], scriptSrc: ["'self'"], styleSrc: ["'self'"], imgSrc: ["'self'", 'data:'], connectSrc: ["'self'"],
    formAction: ["'self'"], baseUri: ["'none'"], frameAncestors: ["'none'"],
  },
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
})

const page = () => html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Tillbridge API</title>
  <link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/built/swagger-ui.css">
  <script defer src="/assets/built/swagger-ui-bundle.js"></script>
  <script defer src="/assets/docs/start.js"></script>
</head>
<body>
  <noscript><p>This page needs JavaScript; the document itself is at <a href="/openapi.json">/openapi.json</a>.</p></noscript>
  <main id="api"></main>
</body>
</html>`

/** `/openapi.json` and `/docs`, of what is mounted in `app`. The document is made when somebody asks for it first, once an isolate. */
export function apiDocs(app: Hono<AppEnv>): Hono<AppEnv> {
  let made: Promise<{ text: string; etag: string }> | undefined
  const make = async () => {
    const text = await makeApiDocument(app)
    return { text, etag: `"${(await sha256Hex(text)).slice(0, 32)}"` }
  }
  const docs = new Hono<AppEnv>()
  docs.get('/openapi.json', async (c) => {
    made ??= make()
    const { text, etag } = await made.catch((error: unknown) => {
      made = undefined
      throw error
    })
    // Public, and read by tools of any origin.
    const headers = { ETag: etag, 'Cache-Control': CACHE_CONTROL, 'Access-Control-Allow-Origin': '*' }
    const known = (c.req.header('If-None-Match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
    return known.includes(etag) ? c.body(null, 304, headers) : c.body(text, 200, { ...headers, 'Content-Type': 'application/json' })
  })
  docs.get('/docs', docsHeaders, (c) => c.html(page(), 200, { 'Cache-Control': 'no-cache' }))
  return docs
}

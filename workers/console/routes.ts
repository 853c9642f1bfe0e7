import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { consolePage } from './page.ts'

export const consolePages = new Hono<{ Bindings: Env }>()

/** Nothing inline, nothing from another host, in nobody's frame, in no cache. */
const pageHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"], scriptSrc: ["'self'"], styleSrc: ["'self'"], imgSrc: ["'self'"], connectSrc: ["'self'"],
    formAction: ["'self'"], baseUri: ["'none'"], frameAncestors: ["'none'"],
  },
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
})

consolePages.get('/console', pageHeaders, (c) => c.html(consolePage(), 200, { 'Cache-Control': 'no-store' }))

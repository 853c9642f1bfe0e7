import { Hono } from 'hono'
import { pageHeaders } from '../gateway/page-headers.ts'
import { consolePage } from './page.ts'

export const consolePages = new Hono<{ Bindings: Env }>()

consolePages.get('/console', pageHeaders, (c) => c.html(consolePage(), 200, { 'Cache-Control': 'no-store' }))

import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { consolePages } from '../console/routes.ts'
import { storefront } from './routes.ts'

const pages = new Hono().route('/', storefront).route('/', consolePages)
const files = import.meta.glob('./assets/assets/*.js', { query: '?raw', import: 'default', eager: true })
const SCRIPTS = Object.fromEntries(Object.entries(files).map(([file, text]) => [file.replace('./assets', ''), text]))
const OF_PAGE = {
  '/': ['/assets/storefront.js', '/assets/live-stock.js', '/assets/order.js', '/assets/page.js'],
  '/example': ['/assets/example.js', '/assets/page.js'],
  '/console': ['/assets/console.js', '/assets/console-feeds.js', '/assets/console-letters.js', '/assets/page.js'],
}

describe.each(Object.entries(OF_PAGE))('the page at %s', (path, scripts) => {
  const load = async () => {
    const answer = await pages.request(path)
    return { answer, markup: await answer.text() }
  }

  test('forbids everything that is not its own', async () => {
    const { answer } = await load()
    expect(answer.status).toBe(200)
    expect(answer.headers.get('Content-Type')).toMatch(/^text\/html/)
    const policy = answer.headers.get('Content-Security-Policy') ?? ''
    expect(policy.split(/;\s*/)).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]))
    expect(policy).not.toContain('unsafe')
    expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(answer.headers.get('Referrer-Policy')).toBe('no-referrer')
  })

  test('has no inline script or style, and loads only files that exist here', async () => {
    const { markup } = await load()
    expect(markup).not.toMatch(/<script(?![^>]*\ssrc=)/)
    expect(markup).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:/)
    const loaded = [...markup.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1])
    for (const file of loaded) expect([...scripts, '/assets/page.css', '/assets/mark.svg']).toContain(file)
    expect(markup).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  })

  test('holds every element its scripts look for, each id once', async () => {
    const { markup } = await load()
    const ids = [...markup.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(new Set(ids).size).toBe(ids.length)
    const wanted = scripts.flatMap((script) => [...(SCRIPTS[script] ?? '').matchAll(/(?:byId|section)\('([^']+)'/g)].map((match) => match[1]))
    expect(wanted.length).toBeGreaterThan(5)
    for (const id of wanted) expect(ids).toContain(id)
    for (const label of markup.matchAll(/aria-(?:labelledby|describedby)="([^"]+)"/g)) expect(ids).toContain(label[1])
  })
})

test('every script imports only its neighbours, and no script writes markup', () => {
  expect(Object.keys(SCRIPTS).sort()).toEqual([...new Set(Object.values(OF_PAGE).flat())].sort())
  for (const [path, script] of Object.entries(SCRIPTS)) {
    for (const [, from] of script.matchAll(/from '([^']+)'/g)) expect([...Object.keys(SCRIPTS), '/assets/built/client.js'], `${path} imports ${from}`).toContain(from?.replace('./', '/assets/'))
    expect(script, path).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|localStorage/)
  }
})

test('assets come from the ASSETS binding and keep their type', async () => {
  const asked: string[] = []
  const ASSETS = {
    fetch: async (request: Request) => {
      asked.push(new URL(request.url).pathname)
      return new Response('body {}', { headers: { 'Content-Type': 'text/css' } })
    },
  }
  const answer = await pages.request('/assets/page.css', {}, { ASSETS })
  expect(asked).toEqual(['/assets/page.css'])
  expect(answer.headers.get('Content-Type')).toBe('text/css')
})

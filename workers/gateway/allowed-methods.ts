import type { Hono } from 'hono'
import type { AppEnv } from './context.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** The methods that this address answers; none, if nothing is there. What is mounted for every method is a middleware and answers nothing by itself. */
export function allowedMethods(app: Hono<AppEnv>, path: string): string[] {
  const found = METHODS.filter((method) => app.router.match(method, path)[0].some(([[, route]]) => route.method === method))
  return found.includes('GET') ? ['HEAD', ...found] : found
}

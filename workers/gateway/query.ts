import type { MiddlewareHandler } from 'hono'
import { uniqueSymbol } from 'hono-openapi'
import { z } from 'zod'
import type { AppEnv } from './context.ts'
import { invalidField, invalidRequest } from './problem.ts'
import { shownRequest } from './show-schema.ts'

type QueryMiddleware<T extends z.ZodObject> = MiddlewareHandler<AppEnv, string, { in: { query: object }; out: { query: z.output<T> } }>

/**
 * The query string as `schema` wants it, in `c.req.valid('query')`. A parameter whose schema is an array may be repeated; any other stands once.
 * Names that the schema does not know are ignored, as unknown fields of a body are.
 */
export function query<T extends z.ZodObject>(schema: T): QueryMiddleware<T> {
  const middleware: QueryMiddleware<T> = async (c, next) => {
    const asked: Record<string, unknown> = {}
    for (const name of Object.keys(schema.shape)) {
      const values = c.req.queries(name) ?? []
      if (schema.shape[name] instanceof z.ZodArray) asked[name] = values
      else if (values.length > 1) return invalidField(c, `/${name}`, 'expected one value, not several')
      else if (values.length === 1) asked[name] = values[0]
    }
    const parsed = schema.safeParse(asked)
    if (!parsed.success) return invalidRequest(c, parsed.error)
    c.req.addValidatedData('query', parsed.data)
    return next()
  }
  return Object.assign(middleware, { [uniqueSymbol]: { target: 'query', ...shownRequest(schema) } })
}

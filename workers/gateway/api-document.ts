import { Hono } from 'hono'
import type { MiddlewareHandler } from 'hono'
import { generateSpecs, uniqueSymbol } from 'hono-openapi'
import { z } from 'zod'
import { StoreEvent } from '../../contract/events.ts'
import { Problem } from '../../contract/problem.ts'
import { AssignmentId, ChannelId, OrderId, Sku, StoreId } from '../../contract/values.ts'
import { describedAlerts } from '../alerts/described-routes.ts'
import { describedAudit } from '../audit/described-routes.ts'
import { describedCatalogue } from '../catalog/described-routes.ts'
import { describedChannels } from '../channels/described-routes.ts'
import { describedDeadLetters } from '../dead-letters/described-routes.ts'
import { describedErasures } from '../erasures/described-routes.ts'
import { describedRepair } from '../repair/described-routes.ts'
import { describedFeeds } from '../feeds/described-routes.ts'
import { describedHealth } from '../health/described-routes.ts'
import { describedInventory } from '../inventory/described-routes.ts'
import { describedMasterKey } from '../master-key/described-routes.ts'
import { describedOrders } from '../orders/described-routes.ts'
import { describedPayments } from '../payments/described-routes.ts'
import { describedMail } from '../mail/described-routes.ts'
import { describedWebhooks } from '../webhooks/described-routes.ts'
import { describedPrices } from '../prices/described-routes.ts'
import { describedReturns } from '../returns/described-routes.ts'
import { describedSales } from '../sales/described-routes.ts'
import { describedStops } from '../stops/described-routes.ts'
import { describedConnect } from '../stores/described-connect-routes.ts'
import { describedStores } from '../stores/described-routes.ts'
import { HEADERS, SECURITY_SCHEMES, TAGS } from './api-parts.ts'
import type { AppEnv } from './context.ts'
import { describe } from './describe.ts'
import type { DescribedRoutes, Description } from './describe.ts'
import { exampleProblem } from './example-problem.ts'
import { nameAnswer, shownAnswer, shownRequest } from './show-schema.ts'

/** `version`: the platform's name of what is deployed. */
const Health = z.object({ ok: z.literal(true), version: z.string() })
nameAnswer('Health', Health, { ok: true, version: '5f2e8e0a-0b1c-4b2f-9a55-6c1d0a7a1f33' })
nameAnswer('Problem', Problem, exampleProblem('invalid-request'))

const describedLife: DescribedRoutes = () => ({
  'GET /healthz': { id: 'getHealth', tag: 'health', security: 'none', summary: 'Whether the edge is up', answers: { 200: { when: 'It is.', schema: Health, headers: ['Cache-Control'] } }, problems: [] },
})

/** Every capability's own. One that is mounted in app.ts stands here, too. */
const DESCRIBED: readonly DescribedRoutes[] = [
  describedCatalogue, describedInventory, describedStops, describedStores, describedOrders, describedSales, describedReturns, describedPayments, describedConnect, describedChannels, describedPrices, describedWebhooks, describedMail, describedFeeds, describedDeadLetters, describedAlerts, describedAudit, describedErasures, describedRepair, describedMasterKey, describedHealth, describedLife,
]

/** What stands between two slashes of a path, wherever it stands. */
const PATH_PARTS: Readonly<Record<string, z.ZodType>> = {
  sku: Sku, storeId: StoreId, channelId: ChannelId, orderId: OrderId, assignmentId: AssignmentId, letterId: z.string(), keyId: z.string(), webhookId: z.string(), deliveryId: z.string(), returnId: z.string(),
}

const DESCRIPTION = `Products, availability and orders of shops whose tills are the source of truth.

Refusals are RFC 9457 problems: \`type\` is stable, \`detail\` is for people, \`errors\` names fields by JSON pointer. Lists take \`limit\` and \`cursor\` and answer \`nextCursor\`, null on the last page.
Unknown fields and query parameters are ignored, and answers may grow fields: ignore those you do not know. GET also answers HEAD. Another method at a known address is 405 with \`Allow\`.
A shop's connector is told in the chapter *connect*, an operator's calls in those that begin with *operator*.`

/** The document, of what is mounted in `app` and what the capabilities say about it. The request schemas are those that the routes check with. */
export async function makeApiDocument(app: Hono<AppEnv>): Promise<string> {
  const described = Object.entries(allDescriptions())
  const shown = new Hono()
  const routes = app.routes.filter(({ method, path }) => method !== 'ALL' && isApi(path))
  for (const { method, path, handler } of routes) shown.routes.push({ basePath: '/', method, path, handler })
  for (const [route, description] of described) {
    const [method = '', path = ''] = route.split(' ')
    const named = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
    if (named.length > 0) shown.on(method, path, pathOf(z.object(Object.fromEntries(named.map((name) => [name, PATH_PARTS[name] ?? z.string()])))))
    shown.on(method, path, describe({ ...description, parameters: [...(description.parameters ?? []), ...channelOf(path)] }))
  }
  const problem = await shownAnswer(Problem).toOpenAPISchema()
  const event = await shownRequest(StoreEvent).toOpenAPISchema()
  const schemas = '$defs' in problem.schema && typeof problem.schema.$defs === 'object' ? { ...problem.schema.$defs } : {}
  const document = await generateSpecs(shown, {
    defaultValidationErrorResponse: false,
    documentation: {
      openapi: '3.1.0',
      info: { title: 'Tillbridge', version: '1', description: DESCRIPTION },
      servers: [{ url: '/' }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: { securitySchemes: SECURITY_SCHEMES, headers: HEADERS, schemas: { ...schemas, StoreEvent: event.schema } },
    },
  })
  return JSON.stringify(document)
}

export const isApi = (path: string): boolean => /^\/(v1|connect|admin|healthz)\b/.test(path) && !path.includes('*')

export const allDescriptions = (): Record<string, Description> => Object.assign({}, ...DESCRIBED.map((build) => build()))

/** As hono-openapi finds it on a route. */
const pathOf = (schema: z.ZodType): MiddlewareHandler => Object.assign<MiddlewareHandler, object>((_c, next) => next(), { [uniqueSymbol]: { target: 'param', ...shownRequest(schema) } })

/** As chooseChannel reads it. */
const channelOf = (path: string): NonNullable<Description['parameters']> =>
  /^\/v1\/(products|categories|availability)/.test(path) ? [{ in: 'query', name: 'channel', description: 'The channel that is asking.', schema: { type: 'string', default: 'web' } }] : []

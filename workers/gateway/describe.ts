import type { MiddlewareHandler } from 'hono'
import { describeRoute } from 'hono-openapi'
import type { DescribeRouteOptions, ResponsesWithResolver } from 'hono-openapi'
import type { z } from 'zod'
import { PROBLEMS } from '../../contract/problem.ts'
import type { ProblemType } from '../../contract/problem.ts'
import type { HeaderName, SecurityName, Tag } from './api-parts.ts'
import { SECURITY } from './api-parts.ts'
import { exampleProblem } from './example-problem.ts'
import { shownAnswer } from './show-schema.ts'

/** One answer: when it is given, what it holds (`null`: nothing) and the headers that matter. `content` is for what is no JSON. */
export type DescribedAnswer = { when: string; schema: z.ZodType | null; headers?: readonly HeaderName[]; content?: Readonly<Record<string, object>> }

/** An operation as a reader of the document needs it. `id` names it for good: generated clients call it so. */
export type Description = {
  id: string
  tag: Tag
  summary: string
  description?: string
  security: SecurityName
  parameters?: NonNullable<DescribeRouteOptions['parameters']>
  answers: Readonly<Record<number, DescribedAnswer>>
  /** Beside `EVERYWHERE`. */
  problems: readonly ProblemType[]
}

/** What any operation may answer: too much from one address, too much at once, something that is away, an installation that was not finished. */
const EVERYWHERE: readonly ProblemType[] = ['rate-limited', 'overloaded', 'try-again', 'misconfigured']
/** Of a body that is no JSON, too long, of another type, or of another shape. */
export const BODY_PROBLEMS = ['invalid-json', 'too-large', 'unsupported-media-type', 'invalid-request'] as const satisfies readonly ProblemType[]

/** Descriptions by method and path as they are mounted: `GET /v1/products/:sku`. A function, so that they are made when the document is, and cost a start nothing. */
export type DescribedRoutes = () => Readonly<Record<string, Description>>

/** As hono-openapi finds it on a route. */
export const describe = (description: Description): MiddlewareHandler => describeRoute(toSpec(description))

function toSpec({ id, tag, summary, description, security, parameters, answers, problems }: Description): DescribeRouteOptions {
  const given = Object.entries(answers).map(([status, answer]): [string, ResponsesWithResolver[string]] => [status, toResponse(answer)])
  const refused = Map.groupBy([...new Set([...problems, ...(security === 'none' ? [] : EVERYWHERE)])], (type) => PROBLEMS[type][0])
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
    security: [...SECURITY[security]],
    responses: { ...Object.fromEntries(given), ...Object.fromEntries([...refused].map(([status, types]) => [String(status), toRefusal(status, types)])) },
  }
}

const headersOf = (names: readonly HeaderName[]) => Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))

function toResponse({ when, schema, headers = [], content }: DescribedAnswer): ResponsesWithResolver[string] {
  return {
    description: when,
    headers: headersOf(['X-Request-Id', ...headers]),
    ...(schema || content ? { content: { ...(schema ? { 'application/json': { schema: shownAnswer(schema) } } : {}), ...content } } : {}),
  }
}

function toRefusal(status: number, types: readonly ProblemType[]): ResponsesWithResolver[string] {
  return {
    description: types.map((type) => `\`${type}\`: ${PROBLEMS[type][1]}`).join('\n\n'),
    headers: headersOf(['X-Request-Id', ...(status === 429 || status === 503 ? ['Retry-After' as const] : []), ...(status === 401 ? ['Date' as const] : [])]),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(types.map((type) => [type, { summary: PROBLEMS[type][1], value: exampleProblem(type) }])),
      },
    },
  }
}

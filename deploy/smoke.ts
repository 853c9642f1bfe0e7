import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { Problem } from '../contract/problem.ts'
import { DeployError } from './wrangler.ts'

const REQUEST_TIMEOUT_MS = 10_000
const ASK_AGAIN_MS = 1_000
const healthSchema = z.object({ ok: z.literal(true), version: z.string() })
const openapiSchema = z.object({ openapi: z.string().startsWith('3.1') })
const faultsSchema = z.object({ faults: z.array(z.string()) })
const itemsSchema = z.object({ items: z.array(z.unknown()) })

/** Statuses of a door that is shut: the Worker's own, and Access' way to its login. */
const SHUT: ReadonlySet<number> = new Set([301, 302, 303, 307, 401, 403])

type Look = { name: string; path: string; isFine: (status: number, body: unknown) => boolean; want: string; todo: string }

const LOOKS: readonly Look[] = [
  { name: 'the API\'s document', path: '/openapi.json', isFine: (status, body) => status === 200 && openapiSchema.safeParse(body).success, want: 'OpenAPI 3.1', todo: 'look at the log: npx wrangler tail --env ENV' },
  { name: 'the catalogue, so D1 and KV answer', path: '/v1/products?limit=1', isFine: (status, body) => status === 200 && itemsSchema.safeParse(body).success, want: 'a list of products', todo: 'look at the log (npx wrangler tail --env ENV) and whether every migration is applied' },
  { name: 'the stores', path: '/v1/stores', isFine: (status, body) => status === 200 && itemsSchema.safeParse(body).success, want: 'a list of stores', todo: 'look at the log (npx wrangler tail --env ENV) and whether every migration is applied' },
  { name: 'the operator API, which is shut', path: '/admin/v1/stores', isFine: (status) => SHUT.has(status), want: 'a refusal: nobody has logged in', todo: 'go back at once (npx wrangler rollback --env ENV): whoever knows the address could read it' },
]

/** What every look is called, in their order. */
export const SMOKE_LOOKS: readonly string[] = ['the new version answers', ...LOOKS.map(({ name }) => name)]

/**
 * Asks the deployed edge what a deployment could have broken. It waits up to `servedWithinMs` until the new version is the one that answers: a deployment
 * takes seconds to be everywhere. Reads only, so it can be run against production at any time.
 */
export async function smokeTest({ url, version, environment, servedWithinMs, onLook }: { url: string; version: string; environment: string; servedWithinMs: number; onLook: (name: string) => void }): Promise<void> {
  onLook(SMOKE_LOOKS[0] ?? '')
  await untilServed(url, version, environment, servedWithinMs)
  for (const { name, path, isFine, want, todo } of LOOKS) {
    onLook(name)
    const { status, body, fault } = await ask(url + path)
    if (!isFine(status, body)) throw new DeployError(`The smoke test: ${name}`, `${url}${path} answered ${fault ?? said(status, body)}, not ${want}`, todo.replace('ENV', environment))
  }
}

async function untilServed(url: string, version: string, environment: string, servedWithinMs: number): Promise<void> {
  const until = performance.now() + servedWithinMs
  for (;;) {
    const { status, body, fault } = await ask(`${url}/healthz`)
    const health = healthSchema.safeParse(body)
    if (status === 200 && health.data?.version === version) return
    const problem = Problem.safeParse(body)
    // It will not mend itself by waiting.
    if (problem.data?.type.endsWith('/misconfigured')) throw new DeployError('The smoke test', `the new version refuses to serve: ${faultsSchema.safeParse(body).data?.faults.join('; ') ?? problem.data.title}`, 'mend what it names, then run this again')
    if (performance.now() >= until) {
      const why = health.success ? `${url} still answers with version ${health.data.version}, not ${version}` : `${url}/healthz answered ${fault ?? said(status, body)}`
      throw new DeployError('The smoke test', why, `look at https://www.cloudflarestatus.com and at the log (npx wrangler tail --env ${environment}); if this is another address than the Worker's, give its own with --url`)
    }
    await wait(ASK_AGAIN_MS)
  }
}

async function ask(address: string): Promise<{ status: number; body: unknown; fault?: string }> {
  try {
    // Access answers with a redirect, which is an answer.
    const answer = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS), headers: { 'Cache-Control': 'no-cache' } })
    const text = await answer.text()
    try {
      return { status: answer.status, body: JSON.parse(text) as unknown }
    } catch {
      return { status: answer.status, body: text }
    }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error instanceof Error ? error.message : error)
    return { status: 0, body: null, fault: `nothing (${cause})` }
  }
}

function said(status: number, body: unknown): string {
  const problem = Problem.safeParse(body)
  return problem.success ? `${status} ${problem.data.title}` : String(status)
}

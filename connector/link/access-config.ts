import { z } from 'zod'

/** An application has one tag; two while the store goes over from one application to another. */
const AUDIENCES_MAX = 2

const Audience = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'the Application Audience (AUD) tag, as Access shows it')

/** What Access puts before this shop: `server.access` of the configuration. */
export const AccessConfig = z.object({
  /** The first part of `https://TEAM.cloudflareaccess.com`. */
  team: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'the team name of Zero Trust: what stands before .cloudflareaccess.com'),
  audience: z.union([Audience, z.array(Audience).min(1).max(AUDIENCES_MAX)]),
  /** The service token's Client ID; others that Access lets in are refused. Left out: any. */
  clientId: z.union([Audience, z.array(Audience).min(1).max(AUDIENCES_MAX)]).optional(),
  /** Who signs, when it is not Access itself (a trial on this machine). The keys are below it where Access has them. */
  issuer: z.url({ protocol: /^https?$/ }).refine((text) => !text.endsWith('/'), 'without a slash at its end').optional(),
})
export type AccessConfig = z.output<typeof AccessConfig>

export const issuerOf = ({ issuer, team }: AccessConfig): string => issuer ?? `https://${team}.cloudflareaccess.com`
export const certsUrlOf = (config: AccessConfig): string => `${issuerOf(config)}/cdn-cgi/access/certs`

import { SIGNING_HEADERS } from '../../contract/signing.ts'

/** The chapters of the document, in the order in which a reader meets them. */
export const TAGS = {
  catalogue: 'Products and categories, as the tills have them. Public and cacheable.',
  availability: 'What can be bought right now, from the counters. Never cached.',
  stores: 'What anyone may know of the stores.',
  orders: 'Quotes and orders of a channel.',
  connect: 'What a store\'s connector calls. Every call but pairing is signed.',
  'operator: stores': 'Opening a store, its way in, its secrets, its feed.',
  'operator: channels': 'Channels and their keys.',
  'operator: mail': 'What a channel\'s shoppers are written.',
  'operator: webhooks': 'Where a channel is told what happens, and what became of each message.',
  'operator: orders': 'Web orders and till sales, and what a person can do about them.',
  'operator: sales': 'All sales in one list: web orders, tills, what came back.',
  'operator: payments': 'What became of an order\'s money, and moving it by hand.',
  'operator: inventory': 'Why the web shows the number it shows.',
  'operator: dead letters': 'What could not be handled.',
  'operator: alerts': 'What calls a person, and where it is sent.',
  'operator: erasures': 'Customers who want to be forgotten.',
  'operator: repair': 'After the database was restored to an earlier moment.',
  'operator: master key': 'What seals what is stored secret.',
  'operator: audit log': 'Who changed what, and when.',
  health: 'Whether the edge is up.',
} as const
export type Tag = keyof typeof TAGS

export const HEADERS = {
  'X-Request-Id': { description: 'Names this request in our logs. Yours is kept if it is 1 to 64 letters, digits or `_.:-`.', schema: { type: 'string' } },
  'ETag': { description: 'Send it as `If-None-Match` to be answered 304 while nothing changed.', schema: { type: 'string' } },
  'Cache-Control': { description: 'For how long the answer may be kept.', schema: { type: 'string' } },
  'Location': { description: 'Where what was made can be read.', schema: { type: 'string' } },
  'Retry-After': { description: 'Seconds to wait before the same request is sent again.', schema: { type: 'integer', minimum: 0 } },
  'RateLimit-Policy': { description: 'What may be asked: `"key";q=` so many calls with this key in `w=` seconds, and for a publishable key `"address";q=` so many from this address (draft-ietf-httpapi-ratelimit-headers).', schema: { type: 'string' } },
  'RateLimit': { description: 'Of each: `r=` calls are left; in `t=` seconds there is one more.', schema: { type: 'string' } },
  'Date': { description: 'The edge\'s clock, to compare yours with.', schema: { type: 'string' } },
  'Allow': { description: 'The methods that the address answers.', schema: { type: 'string' } },
} as const
export type HeaderName = keyof typeof HEADERS

export const SECURITY_SCHEMES = {
  channelKey: { type: 'http', scheme: 'bearer', bearerFormat: 'pk_… or sk_…', description: 'A channel\'s key. The publishable one may stand in a page; the secret one is for a server.' },
  secretKey: { type: 'http', scheme: 'bearer', bearerFormat: 'sk_…', description: 'The secret key of the channel that placed the order.' },
  orderToken: { type: 'apiKey', in: 'header', name: 'X-Order-Token', description: 'The `accessToken` that came with the order: opens that order and no other.' },
  orderTokenInAddress: { type: 'apiKey', in: 'query', name: 'token', description: 'The same token, for a browser\'s EventSource, which cannot set headers.' },
  storeSignature: {
    type: 'apiKey', in: 'header', name: SIGNING_HEADERS.signature,
    description: '`v1,` and base64 of HMAC-SHA256 over `{id}.{timestamp}.{METHOD} {path and query}.{body}` with the store\'s secret; several separated by a space.',
  },
  operatorAccess: { type: 'apiKey', in: 'header', name: 'Cf-Access-Jwt-Assertion', description: 'The token that Cloudflare Access gives whoever has logged in.' },
  operatorToken: { type: 'http', scheme: 'bearer', description: 'In development only: the value of ADMIN_TOKEN.' },
} as const

/** Who may call: one of the alternatives is enough. `none` is never refused either, however full the edge is. */
export const SECURITY = {
  none: [],
  public: [],
  channel: [{ channelKey: [] }],
  order: [{ orderToken: [] }, { secretKey: [] }],
  'order, also by address': [{ orderToken: [] }, { secretKey: [] }, { orderTokenInAddress: [] }],
  store: [{ storeSignature: [] }],
  operator: [{ operatorToken: [] }, { operatorAccess: [] }],
} as const satisfies Record<string, readonly Partial<Record<keyof typeof SECURITY_SCHEMES, string[]>>[]>
export type SecurityName = keyof typeof SECURITY

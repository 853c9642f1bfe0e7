import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ValidateFunction } from 'ajv'
import formats from 'ajv-formats'

export type Parameter = { in: 'path' | 'query' | 'header'; name: string; required?: boolean; schema: Record<string, unknown>; example?: unknown }
export type Operation = {
  id: string
  method: string
  /** As in the document: `/v1/products/{sku}`. */
  path: string
  parameters: Parameter[]
  security: Record<string, unknown>[]
  statuses: number[]
  body: { required: boolean; schema: Record<string, unknown>; example: unknown } | null
}
export type ApiDocument = {
  operations: Operation[]
  /** Why this body is none that the document tells of, or `null`. Fields that the document does not have count. */
  whyNotAnswer(operation: Operation, status: number, contentType: string, body: unknown): string | null
  whyNotProblem(body: unknown): string | null
  fitsRequest(operation: Operation, body: unknown): boolean
  fitsParameter(operation: Operation, parameter: Parameter, value: unknown): boolean
}

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const objectOf = (value: unknown): Json => (isObject(value) ? value : {})
const escaped = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))

/** The JSON Schemas in the document, compiled as they stand there: our own zod schemas have no say in what these tests believe. */
export function readApiDocument(text: string): ApiDocument {
  const document = objectOf(JSON.parse(text))
  const operations = Object.entries(objectOf(document['paths'])).flatMap(([path, methods]) => Object.entries(objectOf(methods)).map(([method, raw]) => toOperation(method, path, objectOf(raw))))
  const asked = compiler(document)
  const answered = compiler(objectOf(closed(document)))
  const why = (check: ValidateFunction, body: unknown): string | null => (check(body) ? null : answered.ajv.errorsText(check.errors))
  return {
    operations,
    whyNotAnswer(operation, status, contentType, body) {
      const media = contentType.split(';')[0]?.trim() ?? ''
      const content = objectOf(objectOf(objectOf(objectOf(objectOf(objectOf(document['paths'])[operation.path])[operation.method.toLowerCase()])['responses'])[String(status)])['content'])
      if (Object.keys(content).length === 0) return body === undefined || body === '' ? null : 'a body where the document has none'
      if (!content[media]) return `${media || 'no type'} instead of ${Object.keys(content).join(' or ')}`
      return why(answered.at('paths', operation.path, operation.method.toLowerCase(), 'responses', String(status), 'content', media, 'schema'), body)
    },
    whyNotProblem: (body) => why(answered.at('components', 'schemas', 'Problem'), body),
    fitsRequest: (operation, body) => asked.at('paths', operation.path, operation.method.toLowerCase(), 'requestBody', 'content', 'application/json', 'schema')(body),
    fitsParameter: (operation, parameter, value) => {
      const all = objectOf(objectOf(objectOf(document['paths'])[operation.path])[operation.method.toLowerCase()])['parameters']
      const index = Array.isArray(all) ? all.findIndex((each) => objectOf(each)['in'] === parameter.in && objectOf(each)['name'] === parameter.name) : -1
      return asked.at('paths', operation.path, operation.method.toLowerCase(), 'parameters', String(index), 'schema')(value)
    },
  }
}

function toOperation(method: string, path: string, raw: Json): Operation {
  const schema = objectOf(objectOf(objectOf(objectOf(raw['requestBody'])['content'])['application/json'])['schema'])
  const examples = Array.isArray(schema['examples']) ? schema['examples'] : []
  return {
    id: String(raw['operationId']),
    method: method.toUpperCase(),
    path,
    parameters: (Array.isArray(raw['parameters']) ? raw['parameters'] : []) as Parameter[],
    security: (Array.isArray(raw['security']) ? raw['security'] : []).map(objectOf),
    statuses: Object.keys(objectOf(raw['responses'])).map(Number),
    body: raw['requestBody'] === undefined ? null : { required: objectOf(raw['requestBody'])['required'] === true, schema, example: examples[0] },
  }
}

function compiler(document: Json) {
  const ajv = new Ajv2020({ strict: false, allErrors: false })
  formats.default(ajv)
  ajv.addSchema(document, 'api')
  const made = new Map<string, ValidateFunction>()
  return {
    ajv,
    at: (...place: string[]): ValidateFunction => {
      const pointer = place.map(escaped).join('/')
      const check = made.get(pointer) ?? ajv.compile({ $ref: `api#/${pointer}` })
      made.set(pointer, check)
      return check
    },
  }
}

/** Readers of the document must bear fields that they do not know; the edge must not send any that the document does not have. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (!isObject(value)) return value
  const inside = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, key === 'examples' || key === 'example' ? each : closed(each)]))
  return isObject(value['properties']) && value['type'] === 'object' && value['additionalProperties'] === undefined ? { ...inside, additionalProperties: false } : inside
}

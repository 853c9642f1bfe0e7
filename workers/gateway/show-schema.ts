import { loadVendor, resolver } from 'hono-openapi'
import { z } from 'zod'

/** Names and examples stand beside the schemas, not in them: the contract is also read by connectors, which show nobody a document. */
const answers = z.registry<{ id: string; examples: unknown[] }>()
const requests = z.registry<{ examples: unknown[] }>()

/** Gives the schema of an answer its name in the document, and an example that fits it. */
export function nameAnswer<T extends z.ZodType>(id: string, schema: T, example: z.output<T>): void {
  answers.add(schema, { id, examples: [example] })
}

/** An example of what a caller sends. */
export function exampleOf<T extends z.ZodType>(schema: T, example: z.input<T>): void {
  requests.add(schema, { examples: [example] })
}

/** What a caller may send, as the document shows it; made when it is read. */
export const shownRequest = (schema: z.ZodType) => resolver(schema, { options: { io: 'input' } })
/** What a caller is answered. */
export const shownAnswer = (schema: z.ZodType) => resolver(schema, { options: { io: 'output' } })

loadVendor('zod', {
  toOpenAPISchema: (schema, { options }) => {
    if (!(schema instanceof z.ZodType)) throw new Error('only zod schemas are shown')
    const isAnswer = options?.['io'] === 'output'
    const { properties, $defs } = z.toJSONSchema(z.object({ shown: schema }), {
      io: isAnswer ? 'output' : 'input', metadata: isAnswer ? answers : requests, unrepresentable: 'any', override: ({ jsonSchema }) => loosen(jsonSchema),
    })
    // Wrapped in an object, a schema with a name is a reference to it like everywhere else. hono-openapi lifts `$defs` into the components.
    const text = JSON.stringify({ ...asObject(properties?.['shown']), ...($defs ? { $defs } : {}) })
    return JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/'))
  },
})

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {})

/** The contract only grows: a client that refuses a field it does not know would break. And a format says what its pattern says, legibly. */
function loosen(schema: { additionalProperties?: unknown; format?: string | undefined; pattern?: string | undefined; id?: unknown; maximum?: number | undefined }): void {
  if (schema.additionalProperties === false) delete schema.additionalProperties
  if (schema.format === 'date-time') delete schema.pattern
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  delete schema.id
}

import { z } from 'zod'
import { isSecretFile, shapeOf, unwrapped } from './file-path.ts'

const SECRETS = z.registry<{ secret: true }>()

/** Marks a value of the configuration that nobody else may see: `diag` never shows it, wherever it stands. */
export const secretValue = <T extends z.ZodType>(schema: T): T => {
  SECRETS.add(schema, { secret: true })
  return schema
}

/** `unknown`: the schema has no such key, or another kind of value in its place. Nobody can say what it is. */
export type Meaning = 'plain' | 'secret' | 'secret-file' | 'unknown'

/** A configuration as it stands in its file, each value replaced by what `leaf` makes of it and of what the schema says that it is. */
export function mapLeaves(schema: z.ZodType | null, value: unknown, leaf: (value: unknown, meaning: Meaning) => unknown): unknown {
  if (schema === null) return leaf(value, 'unknown')
  if (SECRETS.has(schema)) return leaf(value, 'secret')
  if (isSecretFile(schema)) return leaf(value, 'secret-file')
  const inner = unwrapped(schema)
  if (inner) return mapLeaves(inner, value, leaf)
  if (schema instanceof z.ZodUnion && !(schema instanceof z.ZodDiscriminatedUnion)) return mapLeaves(memberFor(schema, value), value, leaf)
  if (Array.isArray(value)) {
    const element = schema instanceof z.ZodArray ? asSchema(schema.element) : null
    return element ? value.map((each: unknown) => mapLeaves(element, each, leaf)) : leaf(value, 'unknown')
  }
  if (typeof value === 'object' && value !== null) {
    const keyed = schema instanceof z.ZodRecord ? asSchema(schema.valueType) : null
    const shape = shapeOf(schema, value)
    if (!keyed && !shape) return leaf(value, 'unknown')
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, mapLeaves(keyed ?? (shape && Object.hasOwn(shape, key) ? shape[key] ?? null : null), child, leaf)]))
  }
  return leaf(value, isGroup(schema) && value !== null ? 'unknown' : 'plain')
}

const asSchema = (schema: unknown): z.ZodType | null => (schema instanceof z.ZodType ? schema : null)
const isGroup = (schema: z.ZodType): boolean => [z.ZodObject, z.ZodDiscriminatedUnion, z.ZodRecord, z.ZodArray].some((kind) => schema instanceof kind)

/** Of alternatives, the one that this kind of value is meant for. */
const memberFor = (schema: z.ZodUnion, value: unknown): z.ZodType | null =>
  schema.options.map(asSchema).find((option) => option !== null && (option instanceof z.ZodArray) === Array.isArray(value)) ?? null

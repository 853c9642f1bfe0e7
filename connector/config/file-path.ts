import { z } from 'zod'

/** `path`: a file or folder, named from where the configuration stands. `secret`: a file whose one line becomes the key `becomes` beside it. */
type FileMeaning = { kind: 'path' } | { kind: 'secret'; becomes: string }

/** Which parts of a configuration name files: they are found by their schema, wherever they stand. */
const FILES = z.registry<FileMeaning>()

export const filePath = (expected = 'the path of a file') => z.string().min(1, expected).register(FILES, { kind: 'path' })
export const secretFilePath = (becomes: string) => z.string().min(1, 'the path of a file').register(FILES, { kind: 'secret', becomes })

/** Whether the value is the name of a file whose text is secret. */
export const isSecretFile = (schema: z.ZodType): boolean => FILES.get(schema)?.kind === 'secret'

export type FileKey = FileMeaning & { holder: object; path: string[]; value: string }

/** Every file named in `value`, which `schema` has accepted; `holder` is the object whose key it is. */
export function fileKeysIn(schema: z.ZodType, value: unknown, path: readonly string[] = []): FileKey[] {
  if (typeof value !== 'object' || value === null) return []
  const shape = shapeOf(schema, value)
  if (!shape) return []
  return Object.entries(shape).flatMap(([key, inner]): FileKey[] => {
    const child: unknown = Reflect.get(value, key)
    const meaning = meaningOf(inner)
    if (meaning && typeof child === 'string') return [{ ...meaning, holder: value, path: [...path, key], value: child }]
    return fileKeysIn(inner, child, [...path, key])
  })
}

function meaningOf(schema: z.ZodType): FileMeaning | undefined {
  const inner = unwrapped(schema)
  return FILES.get(schema) ?? (inner ? meaningOf(inner) : undefined)
}

/** Of a key that may be left out, what stands there when it is not; `null`: it is that already. */
export function unwrapped(schema: z.ZodType): z.ZodType | null {
  if (!(schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)) return null
  const inner = schema.unwrap()
  return inner instanceof z.ZodType ? inner : null
}

/** What each entry of a list is; `null`: it is none, or one way of writing among others. */
export function entryOf(schema: z.ZodType): z.ZodType | null {
  if (schema instanceof z.ZodArray) return schema.element instanceof z.ZodType ? schema.element : null
  const inner = unwrapped(schema)
  return inner ? entryOf(inner) : null
}

/** The keys that `schema` knows; of alternatives, those of the member whose word (`type`, `kind`, …) stands in the value. */
export function shapeOf(schema: z.ZodType, value: unknown): Record<string, z.ZodType> | null {
  if (schema instanceof z.ZodObject) return Object.fromEntries(Object.entries(schema.shape).flatMap(([key, inner]) => (inner instanceof z.ZodType ? [[key, inner]] : [])))
  const inner = unwrapped(schema)
  if (inner) return shapeOf(inner, value)
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const { discriminator } = schema.def
    const word: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, discriminator) : undefined
    const shapes = schema.options.flatMap((option) => (option instanceof z.ZodType ? [shapeOf(option, value)] : []))
    return shapes.find((shape) => shape?.[discriminator]?.safeParse(word).success) ?? null
  }
  return null
}

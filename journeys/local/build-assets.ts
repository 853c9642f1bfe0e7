import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientScript } from '../../client/bundle.ts'

/**
 * Files that the Worker serves and that are not in its source: made before every deployment, because `wrangler.toml` names this program as its `[build]`.
 * Git ignores the folder. It is under `/assets/built/` for a browser.
 */
const BUILT_DIR = path.resolve(import.meta.dirname, '../../workers/storefront/assets/assets/built')

/** A file of a package, as it is. */
const copied = (specifier: string): BuiltFile => ({ name: path.basename(specifier), make: () => readFile(fileURLToPath(import.meta.resolve(specifier))) })

/** `make` answers the content; it is asked once a build. */
type BuiltFile = { name: string; make: () => Promise<Uint8Array> }

const BUILT: readonly BuiltFile[] = [
  // The typed client, for the example page, and for pages that load it from here.
  { name: 'client.js', make: clientScript },
  // The reader of /openapi.json at /docs.
  copied('swagger-ui-dist/swagger-ui-bundle.js'),
  copied('swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt'),
  copied('swagger-ui-dist/swagger-ui.css'),
]

/** Writes what changed. Two edges may start at once on one checkout, so a file is whole at every moment and an unchanged one is left alone. */
export async function buildAssets(folder = BUILT_DIR): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const written = await Promise.all(BUILT.map(async ({ name, make }) => {
    const file = path.join(folder, name)
    const content = await make()
    const there = await readFile(file).catch(() => null)
    if (there?.equals(content)) return []
    const draft = `${file}.${process.pid}`
    await writeFile(draft, content)
    await rename(draft, file)
    return [name]
  }))
  return written.flat()
}

if (import.meta.main) await buildAssets()

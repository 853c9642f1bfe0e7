import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import own from '../package.json' with { type: 'json' }

/**
 * `npm run bundle:client`: the client as a package of its own in dist/client: one file without dependencies for browsers and servers, and its types, which are the
 * contract's. `npm install PATH/dist/client`, then `import { createClient } from 'tillbridge/client'`.
 */

const ROOT = path.resolve(import.meta.dirname, '..')
const run = promisify(execFile)

/** The file that a browser loads, minified. */
export async function clientScript(): Promise<Uint8Array> {
  const { outputFiles } = await build({ entryPoints: [path.join(ROOT, 'client/index.ts')], bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, logLevel: 'warning' })
  const [script] = outputFiles
  if (!script) throw new Error('esbuild wrote nothing')
  return script.contents
}

export async function bundleClient(folder: string): Promise<{ bytes: number; gzipped: number }> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const script = await clientScript()
  await writeFile(path.join(folder, 'client.js'), script)
  await writeTypes(path.join(folder, 'types'))
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify({
    name: own.name, version: own.version, license: own.license, description: 'Typed client of Tillbridge\'s storefront API.', type: 'module', sideEffects: false,
    exports: { './client': { types: './types/client/index.d.ts', default: './client.js' } },
    // Types only: nothing of it is in client.js.
    dependencies: { zod: own.dependencies.zod },
  }, null, 2)}\n`)
  return { bytes: script.length, gzipped: gzipSync(script, { level: 9 }).length }
}

/** Declarations as the compiler writes them, with the names that every compiler takes. */
async function writeTypes(folder: string): Promise<void> {
  const draft = await mkdtemp(path.join(tmpdir(), 'tillbridge-client-'))
  try {
    const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc')
    await run(process.execPath, [compiler, '-p', path.join(ROOT, 'client'), '--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--outDir', draft])
    for (const name of await readdir(draft, { recursive: true })) {
      if (!name.endsWith('.d.ts')) continue
      const file = path.join(draft, name)
      await writeFile(file, (await readFile(file, 'utf8')).replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"))
    }
    await cp(draft, folder, { recursive: true })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const folder = path.join(ROOT, 'dist/client')
  const { bytes, gzipped } = await bundleClient(folder)
  console.log(`${path.relative(process.cwd(), folder) || folder}: ${bytes} bytes, ${gzipped} gzipped. npm install it, then import { createClient } from 'tillbridge/client'.`)
}

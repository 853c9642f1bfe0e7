import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import path from 'node:path'
import { build, type Plugin } from 'esbuild'
import { pageTexts } from './cli/docs/page-texts.ts'

/**
 * `npm run bundle`: the connector as one file that runs with Node 24 alone, and beside it the licences of what is in it.
 */

const ROOT = path.resolve(import.meta.dirname, '..')
export const BUNDLE_NAME = 'tillbridge-connector.mjs'
const LICENCES_NAME = 'tillbridge-connector.licences.txt'

/** Packages that were written for `require` meet a module without it. */
const BANNER = `#!/usr/bin/env node
import { createRequire as createRequireOfBundle } from 'node:module'
import { fileURLToPath as fileOfBundle } from 'node:url'
import { dirname as folderOfBundle } from 'node:path'
const require = createRequireOfBundle(import.meta.url)
const __filename = fileOfBundle(import.meta.url)
const __dirname = folderOfBundle(__filename)`

/** Asked for by `pg` when somebody wants libpq instead, and there only if installed: nobody asks here. */
const NEVER_ASKED = ['pg-native', 'cpu-features']

/** The oldest Node that can read the file far enough to say that it is too old. */
const READABLE_BY = 'node18'

/**
 * Each part of Node is asked for where it is used first, in the order of the program. As `import` statements of the one file they would all be
 * looked for before its first line has run, and an old Node would answer with a stack instead of main.ts with what to do.
 */
const nodeInItsTurn: Plugin = {
  name: 'node-in-its-turn',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z]/ }, ({ path: name, kind }) => {
      if (!isBuiltin(name)) return undefined
      return kind === 'import-statement' ? { path: name, namespace: 'part-of-node' } : { path: name, external: true }
    })
    onLoad({ filter: /.*/, namespace: 'part-of-node' }, ({ path: name }) => ({ contents: `module.exports = require(${JSON.stringify(name)})`, loader: 'js' }))
  },
}

/** The handbook goes along: a shop has this file and no repository. */
const handbook: Plugin = {
  name: 'handbook',
  setup({ onLoad }) {
    onLoad({ filter: /cli\/docs\/page-texts\.ts$/ }, () => ({ contents: `const texts = ${JSON.stringify(pageTexts())}\nexport const pageTexts = () => texts`, loader: 'js' }))
  },
}

/** Answers where the bundle is. */
export async function bundleConnector(folder: string): Promise<string> {
  const outfile = path.join(folder, BUNDLE_NAME)
  mkdirSync(folder, { recursive: true })
  const { metafile } = await build({
    entryPoints: [path.join(ROOT, 'connector/main.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: READABLE_BY,
    banner: { js: BANNER },
    // A stack that support can read is worth more than half a megabyte.
    minify: false,
    legalComments: 'none',
    external: NEVER_ASKED,
    plugins: [nodeInItsTurn, handbook],
    loader: { '.sql': 'text' },
    metafile: true,
    absWorkingDir: ROOT,
    logLevel: 'warning',
  })
  writeFileSync(outfile, inPlainCharacters(readFileSync(outfile, 'utf8')))
  chmodSync(outfile, 0o755)
  writeFileSync(path.join(folder, LICENCES_NAME), licencesOf(packagesOf(Object.keys(metafile.inputs))))
  return outfile
}

/** One accent in a comment of a package, and Node keeps all of the source in memory with two bytes a character: seven megabytes more. */
const inPlainCharacters = (source: string): string => source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, (comment) => comment.replaceAll(/\P{ASCII}/gu, '?'))

/** The folders of the packages whose files went in. */
function packagesOf(inputs: readonly string[]): string[] {
  const folders = inputs.flatMap((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? [])
  return [...new Set(folders)].sort()
}

function licencesOf(folders: readonly string[]): string {
  return folders.map((folder) => {
    const full = path.join(ROOT, folder)
    // As every package on the registry has it.
    const { name, version, license } = JSON.parse(readFileSync(path.join(full, 'package.json'), 'utf8')) as { name: string; version: string; license?: unknown }
    const file = existsSync(full) ? readdirSync(full).find((each) => /^licen[cs]e/i.test(each)) : undefined
    const text = file === undefined ? 'The package brings no text of its own.' : readFileSync(path.join(full, file), 'utf8').trim()
    return `${name} ${version} (${typeof license === 'string' ? license : 'see below'})\n\n${text}\n`
  }).join(`\n${'-'.repeat(80)}\n\n`)
}

if (import.meta.main) {
  const outfile = await bundleConnector(path.join(ROOT, 'dist'))
  process.stdout.write(`${path.relative(ROOT, outfile)}\n`)
}

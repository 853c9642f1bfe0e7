import { EXIT } from './cli/exit-codes.ts'
import { tooOld } from './node-version.ts'

/**
 * Looks at Node before anything is loaded that an old one lacks, so this is the first thing that main.ts imports. In the bundle the parts of
 * Node are asked for when their turn comes (bundle.ts); as `import` statements they would be missed before a line has run.
 */
const why = tooOld(process.version)
if (why !== null) {
  process.stderr.write(`${why}\n`)
  process.exit(EXIT.node)
}

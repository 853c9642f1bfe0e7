import './needs-node.ts'
import './lean-heap.ts'
import { createProgram } from './cli/program.ts'
import { EXIT } from './cli/exit-codes.ts'
import { faultOf } from './fault.ts'
import { fileWords } from './file-words.ts'

/** Whoever reads it may have gone (`| head`), which is no fault; a full disk is one. */
let unsaid: unknown = null
process.stdout.on('error', (error: Error) => {
  if (!('code' in error && error.code === 'EPIPE')) unsaid = error
})

try {
  await createProgram((code) => {
    process.exitCode = code
  }).parseAsync()
} catch (error) {
  // The stack without the message: a message may hold what a driver put into it.
  const stack = error instanceof Error ? error.stack?.split('\n').filter((line) => line.startsWith('    at ')).slice(0, 8).join('\n') ?? '' : ''
  process.stderr.write(`The connector broke: ${faultOf(error)}\n${stack}\n  What to do: nothing taken is lost. Try again; if it stays so, send these lines to whoever gave you the connector, with the archive that "diag" makes\n`)
  process.exitCode = EXIT.unexpected
}
// What was said so far has then arrived, or has not.
await new Promise((resolve) => process.stdout.write('', resolve))
if (unsaid !== null) {
  process.stderr.write(`Not all of the answer could be written: ${fileWords(unsaid) ?? faultOf(unsaid)}\n  What to do: write it elsewhere, or make room\n`)
  process.exitCode ||= EXIT.unexpected
}
// Kept-alive connections to the edge would hold the process for seconds more.
process.exit()

import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'

/** How a shell knows that a command was not understood. */
const EXIT_USAGE = 2

/** The flags of this process. `--help` prints `help` and ends; a flag nobody knows ends with a sentence and the help. */
export function readFlags<const O extends ParseArgsOptionsConfig>(help: string, options: O) {
  try {
    const { values } = parseArgs({ options, strict: true, allowPositionals: false })
    if ('help' in values && values.help === true) {
      process.stdout.write(help)
      process.exit(0)
    }
    return values
  } catch (error) {
    return endWith(`${error instanceof Error ? error.message : String(error)}\n\n${help}`)
  }
}

/** A port number of a flag; 0 asks for a free one. */
export function portOf(text: string): number {
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port <= 65_535 ? port : endWith(`--port: expected a number from 0 to 65535, got "${text}"\n`)
}

function endWith(text: string): never {
  process.stderr.write(text)
  process.exit(EXIT_USAGE)
}

import { accessSync, constants, lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../contract/clock.ts'
import { reportInWords } from '../../pos/csv/file-report.ts'
import { CsvStateFault } from '../../pos/csv/shop-state.ts'
import { REFUSED_LINES_MAX, tryFiles, type TriedFile } from '../../pos/csv/try-files.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { readConfig } from '../read-config.ts'
import { complain, faultText, say, sayJson, warn } from '../say.ts'

/** Says what files of a csv POS would bring, line by line where they would be refused. */
export async function tryCsv(configPath: string, paths: readonly string[], options: { json?: boolean | undefined }): Promise<ExitCode> {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const { pos } = config
  const what = 'No file was tried'
  if (pos.type !== 'csv') {
    complain({ what, why: `the POS of ${configPath} exchanges no files: pos.type is ${pos.type}`, todo: 'for this POS, "doctor" says whether it can be read' })
    return EXIT.configuration
  }
  for (const path of paths.length > 0 ? paths : [pos.folder]) {
    const why = whyNot(path, paths.length > 0 ? 'file' : 'folder')
    if (why === null) continue
    complain({ what, why, todo: paths.length > 0 ? 'name files that are there, and that this user may read' : 'make it, mount it, or mend pos.folder; or name files' })
    return EXIT.notDone
  }
  for (const link of paths.length > 0 ? [] : linksIn(pos.folder)) warn(`${link} is a symbolic link, which the connector does not take in: put the file itself there`)
  try {
    const files = await tryFiles(pos, paths, systemClock)
    if (options.json) sayJson({ files })
    else if (files.length === 0) say(`There is no file to read in ${pos.folder}. Name files to try others: those in processed/ and rejected/ are not looked at.`)
    else say(files.flatMap(inWords).join('\n'))
    return files.some(({ outcome, refused }) => outcome === 'rejected' || refused > 0) ? EXIT.attention : EXIT.ok
  } catch (error) {
    complain({ what, why: faultText(error), todo: error instanceof CsvStateFault ? error.hint : 'run it as the connector\'s user (or root): it reads what the connector knows' })
    return EXIT.notDone
  }
}

/** A link in the drop folder would lie there unread, and nobody would know why. */
const linksIn = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isSymbolicLink()).map(({ name }) => join(folder, name))

function whyNot(path: string, wanted: 'file' | 'folder'): string | null {
  try {
    if (wanted === 'file' && lstatSync(path).isSymbolicLink()) return `${path} is a symbolic link, and the connector takes in files only`
    const stat = statSync(path)
    if (wanted === 'file' ? !stat.isFile() : !stat.isDirectory()) return `${path} is no ${wanted}`
    accessSync(path, constants.R_OK)
    return null
  } catch (error) {
    return `${path}: ${faultText(error)}`
  }
}

const KINDS = { goods: 'goods', sales: 'sales', status: 'steps of orders' } as const

export function inWords(file: TriedFile): string[] {
  const { name, kind, whole, asOf, outcome, why, refused, refusedLines } = file
  const taken = kind === null ? 'a file of no known kind' : whole ? 'all goods' : KINDS[kind]
  return [
    `${name}: ${taken}, as of ${asOf}`,
    ...(outcome === 'rejected' ? [`  would be refused as a whole: ${why ?? ''}`] : [`  ${reportInWords(file)}`]),
    ...(outcome === 'older' ? [`  ${why ?? ''}`] : []),
    ...refusedLines.map(({ line, reason }) => `  line ${line}: ${reason}`),
    ...(refused > refusedLines.length ? [`  … and ${refused - refusedLines.length} more; the first ${REFUSED_LINES_MAX} are shown`] : []),
  ]
}

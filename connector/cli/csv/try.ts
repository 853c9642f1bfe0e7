import { statSync } from 'node:fs'
import { systemClock } from '../../../contract/clock.ts'
import { reportInWords } from '../../pos/csv/file-report.ts'
import { CsvStateFault } from '../../pos/csv/shop-state.ts'
import { REFUSED_LINES_MAX, tryFiles, type TriedFile } from '../../pos/csv/try-files.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { readConfig } from '../read-config.ts'
import { complain, faultText, say, sayJson } from '../say.ts'

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
    const stat = statSync(path, { throwIfNoEntry: false })
    if (paths.length > 0 ? stat?.isFile() : stat?.isDirectory()) continue
    complain({ what, why: `there is no ${paths.length > 0 ? 'file' : 'folder'} ${path}`, todo: paths.length > 0 ? 'name files that are there' : 'make it, mount it, or mend pos.folder; or name files' })
    return EXIT.notDone
  }
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

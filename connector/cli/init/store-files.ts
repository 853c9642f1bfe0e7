import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'

/** What one store keeps beside its configuration, by its bare names: systemd hands them over under these. */
export type StoreFiles = { secret: string; password: string; pin: string; journal: string }

/** Named after the configuration, so that several stores may stand in one folder. */
export function storeFiles(configFile: string): StoreFiles {
  const stem = basename(configFile).replace(/\.ya?ml$/i, '')
  return { secret: `${stem}.secret`, password: `${stem}.password`, pin: `${stem}.pin`, journal: `data/${stem}.sqlite` }
}

/** Another configuration in the same folder, with the files and ports that it names. */
export type Neighbour = { file: string; files: ReadonlySet<string>; ports: ReadonlySet<number> }

/** The configurations that stand beside this one. What is none, or cannot be read, names nothing. */
export function neighboursOf(configFile: string): Neighbour[] {
  const folder = dirname(configFile)
  return namesIn(folder).filter((name) => /\.ya?ml$/i.test(name) && name !== basename(configFile)).flatMap((name) => {
    const file = join(folder, name)
    try {
      const value: unknown = parse(readFileSync(file, 'utf8'), { logLevel: 'silent' })
      const found = leavesOf(value)
      return [{
        file,
        files: new Set(found.flatMap(({ key, leaf }) => (typeof leaf === 'string' && /(^file|File|^folder)$/.test(key) ? [resolve(folder, leaf)] : []))),
        ports: new Set(found.flatMap(({ key, group, leaf }) => (key === 'port' && (group === 'server' || group === 'desk') && typeof leaf === 'number' ? [leaf] : []))),
      }]
    } catch {
      return []
    }
  })
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

/** Every value that is no group, with its key and the group that the key stands in; those of a list have the list's key. */
function leavesOf(value: unknown, key = '', group = ''): { key: string; group: string; leaf: unknown }[] {
  if (Array.isArray(value)) return value.flatMap((each: unknown) => leavesOf(each, key, group))
  if (typeof value !== 'object' || value === null) return [{ key, group, leaf: value }]
  return Object.entries(value).flatMap(([inner, child]) => leavesOf(child, inner, key))
}

/** The lowest port from `first` on that no neighbour has, and the next one with it: that is the desk's, when tablets get one. */
export function freePort(first: number, neighbours: readonly Neighbour[]): number {
  const isTaken = (port: number): boolean => neighbours.some(({ ports }) => ports.has(port))
  let port = first
  while (isTaken(port) || isTaken(port + 1)) port += 2
  return port
}

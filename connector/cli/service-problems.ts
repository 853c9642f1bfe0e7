import { spawnSync } from 'node:child_process'
import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { isAbsolute, resolve, sep } from 'node:path'
import { faultText } from './say.ts'

export type ServiceProblem = { why: string; todo: string }

/** What the options of a service are held against. */
export type Machine = {
  /** Null: this machine has no way to ask. */
  knows(what: 'user' | 'group', name: string): boolean | null
  /** With PrivateTmp a service has folders of its own under these names, empty at each start. */
  privateTmp: readonly string[]
}

/** No such key, in the words of `getent`. */
const NOT_FOUND = 2

export const thisMachine: Machine = {
  knows(what, name) {
    // Asked of the system and not read from /etc/passwd: a user may come from a directory of the company.
    const { status } = spawnSync('getent', [what === 'user' ? 'passwd' : 'group', '--', name], { stdio: 'ignore' })
    return status === 0 ? true : status === NOT_FOUND ? false : null
  },
  privateTmp: ['/tmp', '/var/tmp'],
}

/** Variables in which Node is told of a certificate authority. */
const CA_VARIABLES: ReadonlySet<string> = new Set(['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'])
const PROXIES: ReadonlySet<string> = new Set(['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'])
const VARIABLE = /^([A-Za-z_]\w*)=(.*)$/s
const CONTROL = /\p{Cc}/u

/** A service does not say that its user is unknown before it fails by it, at night. */
export function accountProblems({ user, group }: { user?: string | undefined; group?: string | undefined }, machine: Machine): ServiceProblem[] {
  return ([['user', user], ['group', group]] as const).flatMap(([what, name]) => (name === undefined || machine.knows(what, name) !== false
    ? []
    : [{ why: `--${what} ${name}: this machine has no such ${what}`, todo: what === 'user' ? `name one that is there (getent passwd), or make it: sudo useradd --system ${name}` : `name one that is there (getent group), or make it: sudo groupadd --system ${name}` }]))
}

/** `elsewhere`: the service is for another machine, with files of its own. */
export function environmentProblems(environment: readonly string[], where: 'here' | 'elsewhere'): ServiceProblem[] {
  return environment.flatMap((pair): ServiceProblem[] => {
    const [, name, value = ''] = VARIABLE.exec(pair) ?? []
    // What is not understood may be half of a login, and is not said again.
    if (name === undefined) return [{ why: '--env: expected NAME=value, with a name of letters, digits and "_"', todo: 'write it so, one after another: --env NODE_USE_ENV_PROXY=1 HTTPS_PROXY=http://proxy:3128' }]
    if (CONTROL.test(value)) return [{ why: `--env ${name}: a line break or another control character stands in it, and a unit has one line for it`, todo: 'give it in one line' }]
    if (CA_VARIABLES.has(name)) return where === 'here' ? certificateProblems(`--env ${name}`, value) : []
    if (PROXIES.has(name) && !(URL.canParse(value) && /^https?:$/.test(new URL(value).protocol))) return [{ why: `--env ${name}: expected the address of a proxy`, todo: `write it so: --env ${name}=http://proxy:3128` }]
    return []
  })
}

/** The files of an environment that Node itself reads. */
export const certificatesIn = (environment: readonly string[]): { name: string; file: string }[] =>
  environment.flatMap((pair) => {
    const [, name = '', file = ''] = VARIABLE.exec(pair) ?? []
    return CA_VARIABLES.has(name) ? [{ name, file }] : []
  })

/** Node passes over a file that is not there, and every call of the service then fails by its certificate. */
export function certificateProblems(where: string, file: string): ServiceProblem[] {
  if (!isAbsolute(file)) return [{ why: `${where} is no whole path (${file}), and the service starts elsewhere`, todo: `write the whole path: ${resolve(file)}` }]
  try {
    if (!statSync(file).isFile()) return [{ why: `${where}: ${file} is no file`, todo: 'name the file with the certificate authority, in PEM' }]
    accessSync(file, constants.R_OK)
    return []
  } catch (error) {
    return [{ why: `${where}: ${file}: ${faultText(error)}`, todo: 'name the file with the certificate authority, in PEM, that the service\'s user may read' }]
  }
}

/** What a service would not find although everybody else does. */
export function tmpProblems(places: readonly { what: string; path: string; todo: string }[], { privateTmp }: Pick<Machine, 'privateTmp'>): ServiceProblem[] {
  return places.flatMap(({ what, path, todo }) => {
    const folder = privateTmp.find((tmp) => realPath(path).startsWith(realPath(tmp) + sep))
    return folder === undefined ? [] : [{ why: `${what} is below ${folder} (${path}): the service has a ${folder} of its own, and the machine empties it`, todo }]
  })
}

/** Through every link, as far as the path is there. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = resolve(path, '..')
    return parent === path ? path : resolve(realPath(parent), path.slice(parent.length).replace(/^[/\\]+/, ''))
  }
}

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Configuration } from '../../config/config.ts'
import { readYaml } from '../../config/read-yaml.ts'
import { mapLeaves } from '../../config/secret-value.ts'
import { PASSWORD_VARIABLE } from '../init/init.ts'
import { CODE_VARIABLE } from '../init/pair.ts'

/** What a proxy or a script is told in the environment, and may hold a login. */
const VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'https_proxy', 'http_proxy', 'all_proxy', PASSWORD_VARIABLE, CODE_VARIABLE]
/** The login of an address: everything between the slashes and the last "@" before the path. */
const LOGIN = /:\/\/([^\s/"']+)@/g

/**
 * Every secret that this store's connector knows, whether its configuration is in order or not: what the schema marks as one, what stands in the
 * files that it names for secrets, and the logins of addresses, in the configuration and in the environment.
 */
export function knownSecrets(configPath: string, env: Readonly<Record<string, string | undefined>>): string[] {
  const found: string[] = VARIABLES.flatMap((name) => (name === PASSWORD_VARIABLE || name === CODE_VARIABLE ? [env[name] ?? ''] : loginsIn(env[name] ?? '')))
  const read = readYaml(linesOf(configPath).join('\n'), configPath)
  if (read.ok) {
    mapLeaves(Configuration, read.value.value, (value, meaning) => {
      for (const each of [value].flat()) {
        if (meaning === 'secret-file' && typeof each === 'string') found.push(...linesOf(resolve(dirname(configPath), each)).map((line) => line.trim()))
        else if (meaning === 'secret' && (typeof each === 'string' || typeof each === 'number')) found.push(String(each))
        else if (typeof each === 'string') found.push(...loginsIn(each))
      }
      return value
    })
  }
  return [...new Set(found)].filter((secret) => secret !== '')
}

/** The passwords of the addresses in a text, as they stand there and as they are meant. */
function loginsIn(text: string): string[] {
  return [...text.matchAll(LOGIN)].flatMap(([, login = '']) => {
    const password = login.slice(login.indexOf(':') + 1)
    try {
      return [password, decodeURIComponent(password)]
    } catch {
      return [password]
    }
  })
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/)
  } catch {
    return []
  }
}

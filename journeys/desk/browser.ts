import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { chromium, type BrowserContext } from 'playwright-core'

const CHROMIUM = '/usr/bin/chromium'
const ROOT = 0

/** Debian's browser; installed where that may be done, else the sentence that says how. */
function browserProgram(): string {
  if (!existsSync(CHROMIUM) && userInfo().uid === ROOT && existsSync('/usr/bin/apt-get')) {
    process.stderr.write('Installing chromium for the browser tests…\n')
    const options = { stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
    execFileSync('apt-get', ['update', '-qq'], options)
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options)
  }
  if (!existsSync(CHROMIUM)) throw new Error(`The browser tests need ${CHROMIUM}, which is not on this machine. Install it: apt-get update && apt-get install --no-install-recommends chromium`)
  return CHROMIUM
}

export const PHONE = { width: 390, height: 844 }
export const TABLET = { width: 1280, height: 900 }

/** A browser with nothing in it, that talks to nobody by itself. It is gone with `close`. */
export function openBrowser(profile: string, more: { viewport?: { width: number; height: number }; colorScheme?: 'light' | 'dark' } = {}): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: browserProgram(), headless: true, viewport: TABLET, ...more,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
}

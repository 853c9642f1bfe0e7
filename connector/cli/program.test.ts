import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { EXIT } from './exit-codes.ts'
import { runCommand } from './test-command.ts'
import { version } from './version.ts'

const MAIN = new URL('../main.ts', import.meta.url).pathname

test('--version says what "version" says', async () => {
  expect(await runCommand('--version')).toEqual({ code: EXIT.ok, stdout: (await runCommand('version')).stdout, stderr: '' })
  expect((await runCommand('-V')).stdout).toContain(version)
})

test.each([[['nosuch']], [['nosuch', '--help']], [['help', 'nosuch']], [['orders', 'nosuch']], [['orders', 'nosuch', '--help']]])('a command that is not there is a mistake, asked for help or not: %j', async (words) => {
  expect((await runCommand(...words)).code).toBe(EXIT.configuration)
})

test.each(['orders', 'quarantine', 'triggers', 'tunnel', 'csv'])('the help of %s shows examples, and ends with 0', async (group) => {
  const { code, stdout } = await runCommand(group, '--help')
  expect(code).toBe(EXIT.ok)
  expect(stdout).toMatch(new RegExp(`Examples?:\n( {2}tillbridge-connector ${group} .*\n)+`))
})

test.runIf(existsSync('/dev/full'))('an answer that a full disk does not take is no success; a reader who has gone is one', () => {
  const shell = (line: string) => spawnSync('sh', ['-c', line, 'sh', process.execPath, MAIN], { encoding: 'utf8' })
  expect(shell('"$1" "$2" docs store-it > /dev/full')).toMatchObject({ status: EXIT.unexpected, stderr: expect.stringContaining('the disk is full (ENOSPC)') as string })
  expect(shell('{ "$1" "$2" docs store-it; echo "ended with $?" >&2; } | head -n 1')).toMatchObject({ stdout: '# For a store\'s IT\n', stderr: 'ended with 0\n' })
})

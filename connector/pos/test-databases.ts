import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'

/**
 * MariaDB and PostgreSQL for the tests: real servers of this machine's packages, each on a free loopback port with its data in a
 * temporary folder, gone with `stop`. Nothing of an installed service is touched.
 */
export type DatabaseServer = {
  kind: 'mariadb' | 'postgres'
  host: string
  port: number
  user: string
  password: string
  /** SIGKILL to the server and its children: what a power cut does. */
  kill(): Promise<void>
  /** Starts it again over the same data, on the same port. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** What a test process is told of a server that another process started. */
export type ServerAddress = Pick<DatabaseServer, 'host' | 'port' | 'user' | 'password'>

/** Debian's packages with the bare servers: no service is set up or started by them. */
const PACKAGES = { mariadb: ['mariadb-server-core', 'mariadb-client-core'], postgres: ['postgresql'] } as const
const ROOT = 0
const START_TIMEOUT_MS = 60_000
const HOST = '127.0.0.1'
const PASSWORD = 'tillbridge tests'

/** A server program, or where it can be: PostgreSQL keeps its own out of the path. */
function findProgram(name: string): string | null {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin', '/usr/libexec', ...versions.map((version) => `/usr/lib/postgresql/${version}/bin`)]
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file)) ?? null
}

function program(kind: DatabaseServer['kind'], name: string): string {
  const found = findProgram(name)
  if (found !== null) return found
  const packages = PACKAGES[kind]
  if (userInfo().uid === ROOT && existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`Installing ${packages.join(' ')} for the database tests…\n`)
    const options = { stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
    execFileSync('apt-get', ['update', '-qq'], options)
    // Without its own cluster, and without a service that starts by itself.
    mkdirSync('/etc/postgresql-common/createcluster.d', { recursive: true })
    writeFileSync('/etc/postgresql-common/createcluster.d/tillbridge-tests.conf', 'create_main_cluster = false\n')
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options)
  }
  const installed = findProgram(name)
  if (installed === null) {
    throw new Error(`The database tests need ${name}, which is not on this machine. Install it: apt-get update && apt-get install --no-install-recommends ${packages.join(' ')}`)
  }
  return installed
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new TypeError('a listening server has an address')
  return address.port
}

/** A folder that the server's user may write: PostgreSQL refuses to run as root. */
function dataFolder(kind: string, uid: number, gid: number): string {
  const folder = mkdtempSync(path.join(tmpdir(), `tillbridge-${kind}-`))
  chmodSync(folder, 0o700)
  chownSync(folder, uid, gid)
  return folder
}

/** `nobody` stands in for root, for servers that do not run as root. */
const NOBODY = 65_534
const serverUser = (kind: DatabaseServer['kind']): { uid: number; gid: number } => {
  const { uid, gid } = userInfo()
  return kind === 'postgres' && uid === ROOT ? { uid: NOBODY, gid: NOBODY } : { uid, gid }
}

/** `more`: further words for MariaDB, such as `--log-bin`. */
export async function startServer(kind: DatabaseServer['kind'], more: readonly string[] = []): Promise<DatabaseServer> {
  const { uid, gid } = serverUser(kind)
  const folder = dataFolder(kind, uid, gid)
  const port = await freePort()
  const { command, args, log } = kind === 'mariadb' ? prepareMariaDb(folder, port) : preparePostgres(folder, port, uid, gid)
  let child: ChildProcess | null = null
  let output = ''

  const ended = (): Promise<void> => new Promise((resolve) => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
  })
  const signalGroup = async (signal: NodeJS.Signals): Promise<void> => {
    const over = ended()
    try {
      if (child?.pid !== undefined) process.kill(-child.pid, signal)
    } catch {
      // It has ended by itself.
    }
    await over
  }
  const server: DatabaseServer = {
    kind, host: HOST, port, user: 'tillbridge', password: PASSWORD,
    async start() {
      output = ''
      const started = spawn(command, [...args, ...more], { detached: true, uid, gid, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
      for (const stream of [started.stdout, started.stderr]) stream.on('data', (data: Buffer) => { output = (output + data.toString()).slice(-4000) })
      child = started
      if (started.pid !== undefined) guard(started, started.pid, folder)
      const deadline = performance.now() + START_TIMEOUT_MS
      while (!log.isReady(output)) {
        if (started.exitCode !== null || performance.now() > deadline) throw new Error(`${command} did not start:\n${output}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    kill: () => signalGroup('SIGKILL'),
    async stop() {
      // Its data goes with it, so there is nothing to shut down in good order.
      await signalGroup('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

/** A small shell that holds a pipe to us; when the pipe closes, whatever ended us, the server ends and its data goes. */
function guard(server: ChildProcess, pid: number, folder: string): void {
  const shell = spawn('sh', ['-c', 'read _; kill -s KILL -- "-$1"; rm -rf -- "$2"', 'guard', String(pid), folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  server.once('exit', () => shell.kill('SIGKILL'))
}

type Prepared = { command: string; args: string[]; log: { isReady(output: string): boolean } }

function prepareMariaDb(folder: string, port: number): Prepared {
  const command = program('mariadb', 'mariadbd')
  const { username } = userInfo()
  execFileSync(program('mariadb', 'mariadb-install-db'), [`--datadir=${folder}/data`, `--user=${username}`, '--auth-root-authentication-method=normal', '--skip-test-db'], { stdio: 'ignore' })
  const init = path.join(folder, 'init.sql')
  writeFileSync(init, `CREATE USER IF NOT EXISTS 'tillbridge'@'%' IDENTIFIED BY '${PASSWORD}';\nGRANT ALL ON *.* TO 'tillbridge'@'%' WITH GRANT OPTION;\n`)
  return {
    command,
    args: [
      '--no-defaults', `--datadir=${folder}/data`, `--tmpdir=${folder}`, `--user=${username}`, `--port=${port}`, `--bind-address=${HOST}`, `--socket=${folder}/mysqld.sock`, `--pid-file=${folder}/mysqld.pid`,
      `--init-file=${init}`, '--skip-log-bin', '--innodb-buffer-pool-size=64M', '--innodb-flush-log-at-trx-commit=2', '--innodb-doublewrite=0', '--performance-schema=OFF', '--skip-name-resolve',
    ],
    log: { isReady: (output) => output.includes('ready for connections') },
  }
}

function preparePostgres(folder: string, port: number, uid: number, gid: number): Prepared {
  const command = program('postgres', 'postgres')
  const passwordFile = path.join(folder, 'password')
  writeFileSync(passwordFile, PASSWORD)
  chownSync(passwordFile, uid, gid)
  execFileSync(program('postgres', 'initdb'), ['-D', `${folder}/data`, '-U', 'tillbridge', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8'], { stdio: 'ignore', uid, gid, cwd: folder })
  return {
    command,
    args: ['-D', `${folder}/data`, '-p', String(port), '-c', `listen_addresses=${HOST}`, '-c', `unix_socket_directories=${folder}`, '-c', 'shared_buffers=64MB', '-c', 'full_page_writes=off', '-c', 'synchronous_commit=on'],
    log: { isReady: (output) => output.includes('ready to accept connections') },
  }
}

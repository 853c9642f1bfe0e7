import type { CompiledQuery, DatabaseConnection, Driver, QueryResult, TransactionSettings } from 'kysely'
import { DatabaseFault, endsSession } from './database-fault.ts'
import type { OpenSession, Session } from './session.ts'

/** After so long without use a session is tried before work is given to it: firewalls forget quiet connections without a word. */
const TRUSTED_FOR_MS = 5_000

/** kysely's driver over sessions: a small pool in which a session that broke is never used again. */
export class SessionDriver implements Driver {
  readonly #open: OpenSession
  readonly #max: number
  readonly #idle: { session: Session; since: number }[] = []
  readonly #waiting: (() => void)[] = []
  #inUse = 0
  #closed = false

  constructor(open: OpenSession, max: number) {
    this.#open = open
    this.#max = max
  }

  async init(): Promise<void> {
    // Sessions are opened as they are needed.
  }

  async acquireConnection(): Promise<PooledSession> {
    while (this.#inUse >= this.#max) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (this.#closed) throw new DatabaseFault('lost', 'closed', 'This connection was closed', 'This is a mistake in the program: nothing may use it after close()')
    this.#inUse += 1
    try {
      return new PooledSession(await this.#usable())
    } catch (error) {
      this.#free()
      throw error
    }
  }

  async #usable(): Promise<Session> {
    for (let kept = this.#idle.pop(); kept; kept = this.#idle.pop()) {
      if (performance.now() - kept.since < TRUSTED_FOR_MS && !isStale(kept.session)) return kept.session
      if (!isStale(kept.session) && await kept.session.run('SELECT 1', []).then(() => true, () => false)) return kept.session
      kept.session.close()
    }
    return this.#open()
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const pooled = mine(connection)
    if (pooled.broken || this.#closed) pooled.session.close()
    else this.#idle.push({ session: pooled.session, since: performance.now() })
    this.#free()
  }

  #free(): void {
    this.#inUse -= 1
    this.#waiting.shift()?.()
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const pooled = mine(connection)
    const { read, write } = pooled.session.begin
    const begin = async (): Promise<void> => {
      for (const statement of settings.accessMode === 'read only' ? read : write) await pooled.run(statement)
    }
    try {
      await begin()
    } catch (error) {
      // The server was restarted since: nothing has been done yet, so a new session may do it.
      if (!(error instanceof DatabaseFault) || error.kind !== 'lost') {
        pooled.broken = true
        throw error
      }
      pooled.session.close()
      pooled.session = await this.#open()
      pooled.broken = false
      await begin()
    }
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await mine(connection).run('COMMIT')
  }

  /** A session that cannot roll back is closed, and the server rolls back. The error that led here is the one to tell. */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const pooled = mine(connection)
    if (pooled.broken) return
    await pooled.run('ROLLBACK').catch(() => { pooled.broken = true })
  }

  async destroy(): Promise<void> {
    this.#closed = true
    for (const { session } of this.#idle.splice(0)) session.close()
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

const isStale = (session: Session): boolean => session.isStale?.() ?? false

class PooledSession implements DatabaseConnection {
  session: Session
  broken = false

  constructor(session: Session) {
    this.session = session
  }

  async run(sql: string, parameters: readonly unknown[] = []): Promise<QueryResult<unknown>> {
    try {
      return await this.session.run(sql, parameters)
    } catch (error) {
      if (error instanceof DatabaseFault && endsSession(error)) this.broken = true
      throw error
    }
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    return await this.run(sql, parameters) as QueryResult<R>
  }

  // eslint-disable-next-line require-yield
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new TypeError('rows are read in pages, not streamed')
  }
}

function mine(connection: DatabaseConnection): PooledSession {
  if (!(connection instanceof PooledSession)) throw new TypeError('a connection of another driver')
  return connection
}

import { connect, createServer, type Socket } from 'node:net'

/**
 * What befalls the next COMMIT of a transaction that inserted something. `cut-before`: the line breaks before the database hears of it.
 * `answer-held`: the database has committed and its answer does not come back, the line stays open. `answer-cut`: neither does it, and the
 * line breaks. `held-after`: the answer comes back, and whatever is asked next, on any line, reaches nobody until `drop`.
 */
export type CommitFate = 'cut-before' | 'answer-held' | 'answer-cut' | 'held-after'

/** The line between a connector and its database server, on loopback, without encryption: it reads the statements that pass. */
export type DatabaseLine = {
  port: number
  /** Deals this fate to the next such COMMIT; resolves when it has come about: but for the first, after the database has committed. */
  onCommit(fate: CommitFate): Promise<void>
  /** Everybody's line breaks now, and nothing is held any more. */
  drop(): void
  close(): Promise<void>
}

/** Both kinds of server get a statement as plain text in one message; a COMMIT is a message of its own. */
const INSERT = /\binsert\s+into\b/i
const COMMIT = /^[\s\S]{0,16}?\bcommit\b[\s\S]{0,2}$/i
const END = /^[\s\S]{0,16}?\b(?:commit|rollback)\b[\s\S]{0,2}$/i

type Armed = { fate: CommitFate; done(): void }

export async function openDatabaseLine(targetPort: number): Promise<DatabaseLine> {
  const lines = new Set<() => void>()
  let armed: Armed | null = null
  /** Told when the first question is held. */
  let holding: { done(): void } | null = null

  const carry = (caller: Socket): void => {
    const target = connect({ port: targetPort, host: '127.0.0.1', noDelay: true })
    const drop = (): void => {
      caller.destroy()
      target.destroy()
      lines.delete(drop)
    }
    lines.add(drop)
    for (const socket of [caller, target]) {
      socket.on('error', drop)
      socket.on('close', drop)
    }
    let inserted = false
    let met: Armed | null = null
    caller.on('data', (piece) => {
      if (holding) return holding.done()
      const text = piece.toString('latin1')
      if (armed && inserted && COMMIT.test(text)) {
        met = armed
        armed = null
        if (met.fate === 'cut-before') {
          drop()
          return met.done()
        }
      }
      if (INSERT.test(text)) inserted = true
      else if (END.test(text)) inserted = false
      target.write(piece)
    })
    target.on('data', (piece) => {
      if (met === null) return void caller.write(piece)
      if (met.fate === 'held-after') {
        holding = met
        met = null
        return void caller.write(piece)
      }
      if (met.fate === 'answer-cut') drop()
      met.done()
    })
  }

  const server = createServer({ noDelay: true }, carry)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: 0, host: '127.0.0.1' }, resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the line has no port')
  const dropAll = (): void => {
    holding = null
    lines.forEach((drop) => drop())
  }
  return {
    port: address.port,
    onCommit: (fate) => new Promise((resolve) => { armed = { fate, done: resolve } }),
    drop: dropAll,
    async close() {
      dropAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

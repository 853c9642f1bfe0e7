import type { TestProject } from 'vitest/node'
import { startServer, type ServerAddress } from './test-databases.ts'

declare module 'vitest' {
  interface ProvidedContext {
    mariadb: ServerAddress
    postgres: ServerAddress
  }
}

/** Both servers, once for all database tests; each test makes databases of its own in them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await Promise.all([startServer('mariadb'), startServer('postgres')])
  for (const { kind, host, port, user, password } of servers) project.provide(kind, { host, port, user, password })
  return async () => void await Promise.all(servers.map((server) => server.stop()))
}

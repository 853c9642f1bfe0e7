import { isTimeZone } from '../../pos/sql/wall-clock.ts'
import type { StoreFiles } from './store-files.ts'
import { quoted, type Answers, type Question } from './template.ts'

const isPort = (text: string): string | null => (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= 65_535 ? null : 'a port from 1 to 65535')

export const isZone = (text: string): string | null => (isTimeZone(text) ? null : 'a time zone such as Europe/London')

/** A port that the database's kind has when nobody gave it another. */
const usualPort = ({ dialect }: Answers): string => (dialect === 'postgres' ? '5432' : '3306')

/** How a POS's database is reached: the same for every POS that has one. */
export const loginQuestions = (database: string): Question[] => [
  { key: 'host', message: 'The database server of the POS', usual: '127.0.0.1' },
  { key: 'port', message: 'Its port', usual: usualPort, wrong: isPort },
  { key: 'database', message: 'The name of the database', usual: database },
  { key: 'user', message: 'The database user made for the connector', usual: 'tillbridge' },
  { key: 'ssl', message: 'Is the connection encrypted?', usual: 'off', choices: ['off', 'required'], words: { off: 'the database is on this machine', required: 'it is elsewhere; its certificate must be trusted here' } },
]

export const loginYaml = ({ host, port, database, user, ssl }: Answers, { password }: Pick<StoreFiles, 'password'>): string => `  connection:
    host: ${quoted(host)}
    port: ${port}
    database: ${quoted(database)}
    # A user of its own, with SELECT on what is read and the rights that web orders need, and no more ("tillbridge-connector docs" has a GRANT script for each preset).
    user: ${quoted(user)}
    # One line, for the connector's user alone.
    passwordFile: ${quoted(password)}
    # required: encrypted, with a certificate that this machine trusts (or caFile). Never off over a network that others use.
    ssl: ${quoted(ssl)}`

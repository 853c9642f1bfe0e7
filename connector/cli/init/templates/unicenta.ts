import { loginQuestions, loginYaml } from '../database-login.ts'
import { quoted, type Template } from '../template.ts'

export const unicenta: Template = {
  title: 'uniCenta oPOS 5 (MariaDB, MySQL or PostgreSQL)',
  questions: [
    { key: 'dialect', message: 'Which database does it use?', usual: 'mysql', choices: ['mysql', 'mariadb', 'postgres'] },
    ...loginQuestions('unicentaopos'),
    { key: 'currency', message: 'Currency of its prices (ISO 4217); the till does not say', usual: 'EUR', wrong: (answer) => (/^[A-Z]{3}$/.test(answer) ? null : 'three capital letters, such as EUR') },
    { key: 'location', message: 'Stock location, name or id (empty: the only one)', usual: '', optional: true },
  ],
  needsPassword: () => true,
  first: ({ dialect }) => `the database's administrator makes the connector's user: ${dialect === 'postgres' ? 'tillbridge-connector docs grants-unicenta-postgres' : 'tillbridge-connector docs grants-unicenta-mysql'}`,
  pollMs: 1000,
  yaml: (answers, files) => `  # uniCenta oPOS 5. dialect: mysql, mariadb or postgres.
  type: unicenta
  dialect: ${answers['dialect']}
${loginYaml(answers, files)}
  # The till's database holds amounts without a currency.
  currency: ${quoted(answers['currency'])}
  # Name or id of the location whose stock is sold; only where there are several.
  ${answers['location'] ? '' : '# '}location: ${quoted(answers['location'] || 'General')}
  # The till's clock is written without a zone. Left out: this machine's.
  # timeZone: ${quoted(Intl.DateTimeFormat().resolvedOptions().timeZone)}
  # refuse: an order for more than the till counts is refused. allow: it is booked all the same.
  oversell: refuse`,
}

import { loginQuestions, loginYaml } from '../database-login.ts'
import { quoted, type Template } from '../template.ts'

export const ospos: Template = {
  title: 'Open Source POS (MariaDB or MySQL)',
  questions: [
    ...loginQuestions('ospos'),
    { key: 'location', message: 'Stock location, id or name (empty: the only one)', usual: '', optional: true },
    { key: 'orders', message: 'How do web orders come into the till?', usual: 'suspended', choices: ['suspended', 'completed'], words: { suspended: 'the cashier finds an order under "Suspended" and completes it', completed: 'as a finished sale, at once' } },
  ],
  needsPassword: () => true,
  first: () => 'the database\'s administrator makes the connector\'s user: tillbridge-connector docs grants-ospos',
  pollMs: 1000,
  yaml: (answers, files) => `  # Open Source POS. Tax, currency and time zone are read from the POS itself.
  type: ospos
${loginYaml(answers, files)}
  # Id or name of the stock location; only where the shop has several.
  ${answers['location'] ? '' : '# '}location: ${quoted(answers['location'] || 'stock')}
  # suspended: the cashier finds the order under "Suspended" and completes it; stock falls then. completed: a finished sale at once.
  orders: ${answers['orders']}
  # refuse: an order for more than the shelf holds is refused. allow: it is written all the same.
  oversell: refuse`,
}

import { quoted, type Template } from '../template.ts'

export const embedded: Template = {
  title: 'the SQLite till that comes with Tillbridge',
  questions: [{ key: 'file', message: 'The till\'s database', usual: 'data/till.sqlite', path: 'own' }],
  pollMs: 100,
  yaml: ({ file }) => `  # The SQLite till that comes with Tillbridge.
  type: embedded
  # The till's database.
  file: ${quoted(file)}`,
}

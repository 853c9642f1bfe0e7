/** What `docs` prints: by topic, the file in the repository and what it is. */
export const PAGES = {
  'store-it': { file: 'docs/store-it.md', title: 'from nothing to a running store; every day; what to do when' },
  'secure-link': { file: 'docs/secure-link.md', title: 'the tunnel, Access, proxies, a full disk, what to watch' },
  'desk': { file: 'docs/desk.md', title: 'the staff\'s page' },
  'pos-ospos': { file: 'docs/pos-ospos.md', title: 'Open Source POS' },
  'pos-unicenta': { file: 'docs/pos-unicenta.md', title: 'uniCenta oPOS' },
  'variants': { file: 'docs/variants.md', title: 'sizes and colours, further barcodes, renamed SKUs' },
  'pos-csv': { file: 'docs/pos-csv.md', title: 'a POS that exchanges files' },
  'adapters': { file: 'docs/adapters.md', title: 'a POS of your own: described by queries, or in code' },
  'operator': { file: 'docs/operator.md', title: 'what the operator of the edge does' },
  'privacy': { file: 'docs/privacy.md', title: 'where customers\' data lies, for how long' },
  'why-comparison': { file: 'docs/decisions/0020-reading-a-pos-without-a-cursor.md', title: 'why goods are compared, and what that costs' },
  'why-held': { file: 'docs/decisions/0019-writing-only-while-the-store-is-held.md', title: 'why orders wait for the edge before they go into the till' },
  'why-backup': { file: 'docs/decisions/0022-a-till-from-a-backup.md', title: 'what happens when a till comes back from a backup' },
  'why-uncounted': { file: 'docs/decisions/0023-no-longer-counted.md', title: 'why goods without a count are not sold' },
  'example': { file: 'connector/config/example.yaml', title: 'a configuration with every key explained' },
  'example-sql': { file: 'connector/pos/sql/example-shop.yaml', title: 'a whole POS described by queries, web orders included' },
  'grants-ospos': { file: 'connector/pos/ospos/grants.sql', title: 'the database user for Open Source POS' },
  'grants-unicenta-mysql': { file: 'connector/pos/unicenta/grants-mysql.sql', title: 'the database user for uniCenta on MariaDB or MySQL' },
  'grants-unicenta-postgres': { file: 'connector/pos/unicenta/grants-postgres.sql', title: 'the database user for uniCenta on PostgreSQL' },
} as const satisfies Record<string, { file: string; title: string }>

export const TOPICS: readonly string[] = Object.keys(PAGES)
export const isTopic = (word: string): word is keyof typeof PAGES => Object.hasOwn(PAGES, word)

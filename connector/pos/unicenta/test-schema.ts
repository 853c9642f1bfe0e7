/**
 * The tables of a uniCenta database that a connector meets, for tests: columns, keys and flaws as in the till's own, in both dialects. `stockcurrent` lets rows
 * in twice where the attribute set is NULL, on PostgreSQL without any key; money and quantity are doubles.
 */
export function testSchema(dialect: 'mysql' | 'postgres'): string[] {
  const maria = dialect === 'mysql'
  const text = maria ? 'varchar(191)' : 'varchar'
  const bit = maria ? "bit(1) NOT NULL DEFAULT b'0'" : 'boolean NOT NULL DEFAULT false'
  const amount = maria ? 'double' : 'double precision'
  const blob = maria ? 'mediumblob' : 'bytea'
  const time = maria ? 'datetime' : 'timestamp'
  const table = (name: string, ...columns: string[]): string => `CREATE TABLE ${name} (${columns.join(', ')})${maria ? ' ENGINE=InnoDB DEFAULT CHARSET=utf8mb4' : ''}`
  const numbers = ['ticketsnum', 'ticketsnum_refund', 'ticketsnum_payment'].flatMap((name) => (maria ? [table(name, 'id int NOT NULL'), `INSERT INTO ${name} VALUES (0)`] : [`CREATE SEQUENCE ${name} START 1`]))
  return [
    table('people', `id ${text} PRIMARY KEY`, `name ${text} NOT NULL UNIQUE`, `apppassword ${text}`, `role ${text} NOT NULL`, `visible ${bit}`),
    table('locations', `id ${text} PRIMARY KEY`, `name ${text} NOT NULL UNIQUE`, `address ${text}`),
    table('categories', `id ${text} PRIMARY KEY`, `name ${text} NOT NULL UNIQUE`, `parentid ${text}`),
    table('taxcategories', `id ${text} PRIMARY KEY`, `name ${text} NOT NULL UNIQUE`),
    table('taxcustcategories', `id ${text} PRIMARY KEY`, `name ${text} NOT NULL UNIQUE`),
    table('taxes', `id ${text} PRIMARY KEY`, `name ${text} NOT NULL UNIQUE`, `category ${text} NOT NULL REFERENCES taxcategories(id)`, `custcategory ${text}`, `parentid ${text}`,
      `rate ${amount} NOT NULL DEFAULT 0`, `ratecascade ${bit}`, 'rateorder integer'),
    table('products', `id ${text} PRIMARY KEY`, `reference ${text} NOT NULL UNIQUE`, `code ${text} NOT NULL UNIQUE`, `name ${text} NOT NULL`, `pricebuy ${amount} NOT NULL DEFAULT 0`,
      `pricesell ${amount} NOT NULL DEFAULT 0`, `category ${text} NOT NULL`, `taxcat ${text} NOT NULL`, `isscale ${bit}`, `isservice ${bit}`, `attributes ${blob}`,
      'FOREIGN KEY (category) REFERENCES categories(id)', 'FOREIGN KEY (taxcat) REFERENCES taxcategories(id)'),
    table('products_cat', `product ${text} PRIMARY KEY`, 'catorder integer', 'FOREIGN KEY (product) REFERENCES products(id)'),
    table('attributesetinstance', `id ${text} PRIMARY KEY`, `description ${text}`),
    table('stockcurrent', `location ${text} NOT NULL`, `product ${text} NOT NULL`, `attributesetinstance_id ${text} DEFAULT NULL`, `units ${amount} NOT NULL`,
      'FOREIGN KEY (product) REFERENCES products(id)', 'FOREIGN KEY (location) REFERENCES locations(id)', ...(maria ? ['UNIQUE INDEX stockcurrent_inx (location, product, attributesetinstance_id)'] : [])),
    table('stockdiary', `id ${text} PRIMARY KEY`, `datenew ${time} NOT NULL`, 'reason integer NOT NULL', `location ${text} NOT NULL`, `product ${text} NOT NULL`, `attributesetinstance_id ${text}`,
      `units ${amount} NOT NULL`, `price ${amount} NOT NULL`, `appuser ${text}`, `supplier ${text}`, `supplierdoc ${text}`, 'FOREIGN KEY (product) REFERENCES products(id)'),
    table('closedcash', `money ${text} PRIMARY KEY`, `host ${text} NOT NULL`, 'hostsequence integer NOT NULL', `datestart ${time} NOT NULL`, `dateend ${time}`, 'nosales integer NOT NULL DEFAULT 0'),
    table('receipts', `id ${text} PRIMARY KEY`, `money ${text} NOT NULL`, `datenew ${time} NOT NULL`, `attributes ${blob}`, `person ${text}`, 'FOREIGN KEY (money) REFERENCES closedcash(money)'),
    table('tickets', `id ${text} PRIMARY KEY`, 'tickettype integer NOT NULL DEFAULT 0', 'ticketid integer NOT NULL', `person ${text} NOT NULL`, `customer ${text}`, 'status integer NOT NULL DEFAULT 0',
      'FOREIGN KEY (id) REFERENCES receipts(id)', 'FOREIGN KEY (person) REFERENCES people(id)'),
    table('ticketlines', `ticket ${text} NOT NULL`, 'line integer NOT NULL', `product ${text}`, `attributesetinstance_id ${text}`, `units ${amount} NOT NULL`, `price ${amount} NOT NULL`, `taxid ${text} NOT NULL`,
      `attributes ${blob}`, 'PRIMARY KEY (ticket, line)', 'FOREIGN KEY (ticket) REFERENCES tickets(id)', 'FOREIGN KEY (product) REFERENCES products(id)', 'FOREIGN KEY (taxid) REFERENCES taxes(id)'),
    table('payments', `id ${text} PRIMARY KEY`, `receipt ${text} NOT NULL`, `payment ${text} NOT NULL`, `total ${amount} NOT NULL DEFAULT 0`, `tip ${amount} DEFAULT 0`, `transid ${text}`, `isprocessed ${bit}`,
      `returnmsg ${blob}`, `notes ${maria ? 'varchar(255)' : 'varchar'}`, `tendered ${amount}`, `cardname ${text}`, 'FOREIGN KEY (receipt) REFERENCES receipts(id)'),
    table('taxlines', `id ${text} PRIMARY KEY`, `receipt ${text} NOT NULL`, `taxid ${text} NOT NULL`, `base ${amount} NOT NULL`, `amount ${amount} NOT NULL`,
      'FOREIGN KEY (receipt) REFERENCES receipts(id)', 'FOREIGN KEY (taxid) REFERENCES taxes(id)'),
    'CREATE INDEX receipts_inx_1 ON receipts(datenew)', 'CREATE INDEX stockdiary_inx_1 ON stockdiary(datenew)', 'CREATE INDEX tickets_ticketid ON tickets(tickettype, ticketid)',
    ...numbers,
    `INSERT INTO people (id, name, role, visible) VALUES ('0', 'Administrator', '0', ${maria ? "b'1'" : 'true'})`,
    "INSERT INTO locations (id, name) VALUES ('0', 'General')",
    "INSERT INTO categories (id, name) VALUES ('000', 'Category Standard')",
    "INSERT INTO closedcash (money, host, hostsequence, datestart) VALUES ('cash-1', 'till-1', 1, '2026-01-01 08:00:00')",
  ]
}

/** Two days with all that the real ones have: what is taken back, broken or found, posted; an item at two prices on one ticket, in other letters, with a space; a ticket too long for one event. */
const LONG_TICKET = 620
const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
const row = (invoice: string, sku: string, quantity: number | string, at: string, price: string, name = `THING ${sku}`): string => `${invoice},${sku},"${name}",${quantity},${at},${price},17850,United Kingdom`

export const ODD_DAYS: readonly [string, string] = [
  `\ufeff${[
    HEADER,
    row('536365', '85123A', 6, '2010-12-01 08:26:00', '2.55'),
    row('536365', '85123a', 2, '2010-12-01 08:26:00', '2.55'),
    row('536365', 'POST', 1, '2010-12-01 08:26:00', '18.00', 'POSTAGE'),
    row('536366', '22086', 3, '2010-12-01 08:34:00', '2.1'),
    row('536366', '22086', 1, '2010-12-01 08:34:00', '1.90'),
    row('536366', 'gift 0001', 1, '2010-12-01 08:34:00', '20', 'VOUCHER, "TWENTY"'.replaceAll('"', '""')),
    row('C536367', '85123A', -2, '2010-12-01 09:41:00', '2.55'),
    row('536368', '22086', -1, '2010-12-01 10:00:00', '0', ''),
    row('536369', '', 1, '2010-12-01 10:01:00', '1.00'),
    row('536369', '22086', 0, '2010-12-01 10:01:00', '1.00'),
    row('536369', '22086', 'many', '2010-12-01 10:01:00', '1.00'),
    row('536369', '22086', 1, '2010-12-01 10:01:00', '-11062.06'),
    row('536369', '22086', 1, '2010-12-01 10:01:00', '0.005'),
    row('536369', '22086', 1, 'yesterday', '1.00'),
    '536369,22086',
  ].join('\r\n')}\r\n`,
  [
    HEADER,
    ...Array.from({ length: LONG_TICKET }, (_, n) => row('536592', `S${n}`, 1 + (n % 3), '2010-12-02 16:58:00', `${1 + (n % 7)}.${10 + (n % 90)}`)),
    row('536593', '22086', 4, '2010-12-02 17:01:00', '1.90'),
    row('C536594', 'S1', -1, '2010-12-02 17:05:00', '2.11'),
  ].join('\n'),
]

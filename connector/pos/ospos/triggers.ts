/**
 * Which tables make goods, for those who let the database note changes as they happen: the table, without its prefix, and the column that is
 * the key of the goods. What else decides an item (`app_config`) changes all of them, and is compared.
 */
export const TRIGGER_TABLES = [
  { table: 'items', key: 'item_id' },
  { table: 'item_quantities', key: 'item_id' },
  { table: 'items_taxes', key: 'item_id' },
] as const

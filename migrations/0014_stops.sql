-- What is not to be sold on the web for now, though it lies on the shelf. An empty `store_id`: at no store. `by`: an operator, or the store itself, each of whom lifts only his own.
-- `until`: the first moment at which it does not count; null: until it is lifted, which sets it to that moment. `epoch` and `seq` are of a store's word.
CREATE TABLE sku_stops (
  sku TEXT NOT NULL,
  store_id TEXT NOT NULL DEFAULT '',
  by TEXT NOT NULL,
  why TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER,
  epoch INTEGER NOT NULL DEFAULT 0,
  seq INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (sku, store_id, by)
) WITHOUT ROWID;

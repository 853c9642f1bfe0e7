-- How a store's POS rounds a receipt, as JSON (contract/money.ts); null: each line's tax half up.
ALTER TABLE stores ADD COLUMN rounding TEXT;
-- Days on which it is open otherwise than in any week, as JSON; null: none.
ALTER TABLE stores ADD COLUMN special_days TEXT;
-- Minutes that its staff need, while it is open, until an order stands ready; null: nothing is promised.
ALTER TABLE stores ADD COLUMN pickup_lead_minutes INTEGER;

-- What a channel asks for a SKU instead of the POS's own price, and from when to when. An empty `store_id`: at every store. `turns_at`: when the price that is shown changes next and channels are
-- to be told; null once nothing more will change.
CREATE TABLE channel_prices (
  channel_id TEXT NOT NULL,
  sku TEXT NOT NULL,
  store_id TEXT NOT NULL DEFAULT '',
  valid_from INTEGER NOT NULL,
  valid_to INTEGER,
  amount_minor INTEGER NOT NULL,
  currency TEXT NOT NULL,
  turns_at INTEGER,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (channel_id, sku, store_id, valid_from)
) WITHOUT ROWID;
CREATE INDEX channel_prices_turn ON channel_prices (turns_at) WHERE turns_at IS NOT NULL;

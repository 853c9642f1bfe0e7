-- Items offered together, such as the sizes of one shirt: contract Variant, read out of the item itself.
ALTER TABLE items ADD COLUMN product_id TEXT GENERATED ALWAYS AS (item ->> '$.variant.productId') VIRTUAL;
CREATE INDEX items_by_product ON items (product_id, sku) WHERE product_id IS NOT NULL AND describes = 1;

-- A store's item that had another SKU until `at` (epoch ms). What was sold under the former one is this item's history.
CREATE TABLE sku_renames (
  store_id TEXT NOT NULL,
  sku TEXT NOT NULL,
  former_sku TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (sku, former_sku, store_id)
) WITHOUT ROWID;

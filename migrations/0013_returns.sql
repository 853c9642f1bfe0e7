-- What came back of an order, or is announced to (workers/returns/return.ts), as JSON.
ALTER TABLE orders ADD COLUMN returns TEXT NOT NULL DEFAULT '[]';

-- How much of each line was cancelled: what is still to be delivered is what was bought, less this.
ALTER TABLE orders ADD COLUMN cancelled TEXT NOT NULL DEFAULT '[]'; -- JSON list of { lineId, quantity }

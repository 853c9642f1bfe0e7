-- How far an order's money is (workers/payments/payment.ts), as JSON; null where it is paid at the counter. In the order's own row, so that a payment and what follows from it are one write.
ALTER TABLE orders ADD COLUMN payment TEXT;
-- Who may be paid in a channel, a JSON list in order.
ALTER TABLE channels ADD COLUMN payment_providers TEXT NOT NULL DEFAULT '[]';

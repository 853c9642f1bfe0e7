-- What the connector's database user needs in uniCenta oPOS on PostgreSQL, and nothing more. An administrator runs it once, connected to the till's database.
-- Replace DATABASE (often unicentaopos), CONNECTOR and PASSWORD. The tables are those of the schema public.
-- For a connector that only reads, leave out everything from "Orders" on, and set pos.orders: none.

CREATE ROLE "CONNECTOR" LOGIN PASSWORD 'PASSWORD';
GRANT CONNECT ON DATABASE "DATABASE" TO "CONNECTOR";
GRANT USAGE ON SCHEMA public TO "CONNECTOR";

-- Reading: goods, stock, sales. No customers, no passwords.
GRANT SELECT (id, name) ON locations, categories TO "CONNECTOR";
GRANT SELECT ON taxes, products, products_cat, stockcurrent, stockdiary, closedcash, receipts, tickets, ticketlines, payments, taxlines TO "CONNECTOR";

-- Orders: web orders as tickets of the till. Rows are added; of those that are there only units and the mark of a refunded ticket change. Nothing is deleted.
GRANT SELECT (id, name, visible) ON people TO "CONNECTOR";
GRANT USAGE ON SEQUENCE ticketsnum, ticketsnum_refund TO "CONNECTOR";
GRANT INSERT ON receipts, tickets, ticketlines, payments, taxlines, stockdiary TO "CONNECTOR";
GRANT UPDATE (status) ON tickets TO "CONNECTOR";
-- The whole table, so that it may be locked while an order is booked.
GRANT INSERT, UPDATE ON stockcurrent TO "CONNECTOR";

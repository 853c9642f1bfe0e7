-- What the connector's database user needs in uniCenta oPOS on MariaDB or MySQL, and nothing more. An administrator of the database runs it once.
-- Replace DATABASE (often unicentaopos), CONNECTOR, HOST (the connector's machine, or localhost) and PASSWORD.
-- For a connector that only reads, leave out everything from "Orders" on, and set pos.orders: none.

CREATE USER IF NOT EXISTS 'CONNECTOR'@'HOST' IDENTIFIED BY 'PASSWORD';

-- Reading: goods, stock, sales. No customers, no passwords.
GRANT SELECT (id, name) ON `DATABASE`.`locations` TO 'CONNECTOR'@'HOST';
GRANT SELECT (id, name) ON `DATABASE`.`categories` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`taxes` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`products` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`products_cat` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`stockcurrent` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`stockdiary` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`closedcash` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`receipts` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`tickets` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`ticketlines` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`payments` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`taxlines` TO 'CONNECTOR'@'HOST';

-- Orders: web orders as tickets of the till. Rows are added; of those that are there only units, numbers and the mark of a refunded ticket change. Nothing is deleted.
GRANT SELECT (id, name, visible) ON `DATABASE`.`people` TO 'CONNECTOR'@'HOST';
GRANT SELECT, UPDATE (id) ON `DATABASE`.`ticketsnum` TO 'CONNECTOR'@'HOST';
GRANT SELECT, UPDATE (id) ON `DATABASE`.`ticketsnum_refund` TO 'CONNECTOR'@'HOST';
GRANT INSERT ON `DATABASE`.`receipts` TO 'CONNECTOR'@'HOST';
GRANT INSERT, UPDATE (status) ON `DATABASE`.`tickets` TO 'CONNECTOR'@'HOST';
GRANT INSERT ON `DATABASE`.`ticketlines` TO 'CONNECTOR'@'HOST';
GRANT INSERT ON `DATABASE`.`payments` TO 'CONNECTOR'@'HOST';
GRANT INSERT ON `DATABASE`.`taxlines` TO 'CONNECTOR'@'HOST';
GRANT INSERT ON `DATABASE`.`stockdiary` TO 'CONNECTOR'@'HOST';
GRANT INSERT, UPDATE (units) ON `DATABASE`.`stockcurrent` TO 'CONNECTOR'@'HOST';

-- What the connector's database user needs in Open Source POS, and nothing more. An administrator of the database runs it once.
-- Replace DATABASE (often ospos), the prefix ospos_ if yours is another, CONNECTOR, HOST (the connector's machine, or localhost) and PASSWORD.
-- For a connector that only reads, leave out everything from "Orders" on, and set pos.orders: none.

CREATE USER IF NOT EXISTS 'CONNECTOR'@'HOST' IDENTIFIED BY 'PASSWORD';

-- Reading: goods, stock, sales.
GRANT SELECT ON `DATABASE`.`ospos_app_config` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`ospos_stock_locations` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`ospos_items` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`ospos_items_taxes` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`ospos_item_quantities` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`ospos_inventory` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`ospos_sales` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`ospos_sales_items` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`ospos_sales_items_taxes` TO 'CONNECTOR'@'HOST';
GRANT SELECT ON `DATABASE`.`ospos_sales_payments` TO 'CONNECTOR'@'HOST';

-- Orders: web orders as sales of the till. Of sales that are there, only the status may change, and only quantities are overwritten.
GRANT SELECT (person_id, deleted) ON `DATABASE`.`ospos_employees` TO 'CONNECTOR'@'HOST';
GRANT INSERT, UPDATE (sale_status) ON `DATABASE`.`ospos_sales` TO 'CONNECTOR'@'HOST';
GRANT INSERT ON `DATABASE`.`ospos_sales_items` TO 'CONNECTOR'@'HOST';
GRANT INSERT ON `DATABASE`.`ospos_sales_items_taxes` TO 'CONNECTOR'@'HOST';
GRANT INSERT ON `DATABASE`.`ospos_sales_taxes` TO 'CONNECTOR'@'HOST';
GRANT INSERT ON `DATABASE`.`ospos_sales_payments` TO 'CONNECTOR'@'HOST';
GRANT INSERT ON `DATABASE`.`ospos_inventory` TO 'CONNECTOR'@'HOST';
GRANT INSERT, UPDATE (quantity) ON `DATABASE`.`ospos_item_quantities` TO 'CONNECTOR'@'HOST';
-- The connector's own table, which it makes itself.
GRANT CREATE, SELECT, INSERT, UPDATE ON `DATABASE`.`tillbridge_orders` TO 'CONNECTOR'@'HOST';

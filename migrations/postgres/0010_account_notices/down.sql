ALTER TABLE accounts DROP COLUMN notice_delivery;
DROP TABLE account_notices;

DROP TABLE erased_rows;
ALTER TABLE account_tenants DROP COLUMN is_leaving;

ALTER TABLE members ADD COLUMN role SMALLINT NOT NULL DEFAULT 0;
UPDATE members SET role = (SELECT a.role FROM account_tenants AS a
    WHERE a.tenant_id = members.tenant_id AND a.account_id = members.account_id);
ALTER TABLE account_tenants DROP COLUMN role;

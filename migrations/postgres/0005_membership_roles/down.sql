ALTER TABLE members ADD COLUMN role SMALLINT;
ALTER TABLE members NO FORCE ROW LEVEL SECURITY;
UPDATE members AS m SET role = a.role FROM account_tenants AS a
    WHERE m.tenant_id = a.tenant_id AND m.account_id = a.account_id;
ALTER TABLE members FORCE ROW LEVEL SECURITY;
ALTER TABLE members ALTER COLUMN role SET NOT NULL;
ALTER TABLE account_tenants DROP COLUMN role;

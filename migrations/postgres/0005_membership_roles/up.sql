-- What an account is in a tenant stands where its memberships are looked up before any tenant is known: the question
-- "who is this, and what may it do here" is then one statement.
ALTER TABLE account_tenants ADD COLUMN role SMALLINT;
ALTER TABLE members NO FORCE ROW LEVEL SECURITY;
UPDATE account_tenants AS a SET role = m.role FROM members AS m
    WHERE m.tenant_id = a.tenant_id AND m.account_id = a.account_id;
ALTER TABLE members FORCE ROW LEVEL SECURITY;
ALTER TABLE account_tenants ALTER COLUMN role SET NOT NULL;
ALTER TABLE members DROP COLUMN role;

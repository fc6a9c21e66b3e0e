-- What an account is in a tenant stands where its memberships are looked up before any tenant is known: the question
-- "who is this, and what may it do here" is then one statement.
CREATE TABLE memberships (
    account_id BLOB NOT NULL,
    tenant_id BLOB NOT NULL,
    role SMALLINT NOT NULL,
    PRIMARY KEY (account_id, tenant_id)
) WITHOUT ROWID;
INSERT INTO memberships SELECT m.account_id, m.tenant_id, m.role FROM members AS m;
DROP TABLE account_tenants;
ALTER TABLE memberships RENAME TO account_tenants;
ALTER TABLE members DROP COLUMN role;

-- Files between the dry run of an import and the word to do it: at most one for an account in a tenant. What is told of
-- the file and the file itself are sealed; the file goes with the import, the rest an hour later.
CREATE TABLE waiting_imports (
    tenant_id UUID NOT NULL,
    account_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    file BYTEA,
    PRIMARY KEY (tenant_id, account_id)
);

-- When a tenant has rows that are over, so that a sweep need not ask every tenant.
CREATE TABLE sweeps (
    due_at BIGINT NOT NULL,
    tenant_id UUID NOT NULL,
    PRIMARY KEY (due_at, tenant_id)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON waiting_imports, sweeps TO seif_rows;

ALTER TABLE waiting_imports ENABLE ROW LEVEL SECURITY;
ALTER TABLE waiting_imports FORCE ROW LEVEL SECURITY;
CREATE POLICY waiting_imports_of_tenants ON waiting_imports TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

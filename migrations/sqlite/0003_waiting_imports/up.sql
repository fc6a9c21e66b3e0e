-- Files between the dry run of an import and the word to do it: at most one for an account in a tenant. What is told of
-- the file and the file itself are sealed; the file goes with the import, the rest an hour later.
CREATE TABLE waiting_imports (
    tenant_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    id BLOB NOT NULL,
    version BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BLOB NOT NULL,
    file BLOB,
    PRIMARY KEY (tenant_id, account_id)
);

-- When a tenant has rows that are over, so that a sweep need not ask every tenant.
CREATE TABLE sweeps (
    due_at BIGINT NOT NULL,
    tenant_id BLOB NOT NULL,
    PRIMARY KEY (due_at, tenant_id)
) WITHOUT ROWID;

-- Whether a tenant is on its way out stands beside what an account may do in it: one statement tells both.
ALTER TABLE account_tenants ADD COLUMN is_leaving BOOLEAN NOT NULL DEFAULT FALSE;

-- How many rows an erasure under way has deleted, counted in the transactions that delete them.
CREATE TABLE erased_rows (
    owner_kind SMALLINT NOT NULL,
    owner_id BLOB NOT NULL,
    name TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (owner_kind, owner_id, name)
) WITHOUT ROWID;

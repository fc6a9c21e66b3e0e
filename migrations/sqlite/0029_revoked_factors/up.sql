-- Which factors confirm nobody any more, written with the deletion of their rows: the keyring, which is told of them, may be put
-- back from a copy of before. Ids and times alone.
CREATE TABLE revoked_factors (
    factor_id BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL,
    at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX revoked_factors_account ON revoked_factors (account_id);
CREATE INDEX revoked_factors_at ON revoked_factors (at);

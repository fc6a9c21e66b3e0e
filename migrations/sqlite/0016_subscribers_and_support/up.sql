-- What a new subscriber has answered about itself, sealed under the tenant's key.
CREATE TABLE subscriber_profiles (
    tenant_id BLOB NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    body BLOB NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Codes that identify a caller to support, by tags under the key of their day; at most one for an account. What they
-- identify is sealed under the account's key.
CREATE TABLE support_codes (
    tag BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX support_codes_account ON support_codes (account_id);
CREATE INDEX support_codes_expiry ON support_codes (expires_at);

-- What a new subscriber has answered about itself, sealed under the tenant's key.
CREATE TABLE subscriber_profiles (
    tenant_id UUID NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    body BYTEA NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Codes that identify a caller to support, by tags under the key of their day; at most one for an account. What they
-- identify is sealed under the account's key.
CREATE TABLE support_codes (
    tag BYTEA NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE UNIQUE INDEX support_codes_account ON support_codes (account_id);
CREATE INDEX support_codes_expiry ON support_codes (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON subscriber_profiles, support_codes TO seif_rows;

ALTER TABLE subscriber_profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE subscriber_profiles FORCE ROW LEVEL SECURITY;
CREATE POLICY subscriber_profiles_of_tenants ON subscriber_profiles TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

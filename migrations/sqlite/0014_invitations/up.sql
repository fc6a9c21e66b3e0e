-- People who were invited to a tenant and have not come yet: found by the digest of their code, before any tenant is
-- known. Whom it was sent to is sealed under the tenant's key.
CREATE TABLE invitations (
    id BLOB NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL,
    tenant_id BLOB NOT NULL,
    role SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX invitations_digest ON invitations (digest);
CREATE INDEX invitations_tenant ON invitations (tenant_id, id);
CREATE INDEX invitations_expiry ON invitations (expires_at);

-- Who belongs to a tenant, looked up from its side.
CREATE INDEX account_tenants_tenant ON account_tenants (tenant_id, account_id);

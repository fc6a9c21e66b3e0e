-- What a tenant lets support look at, and until when: ids, times and counts alone. Outside of row-level security: what is live is
-- listed before any tenant is known, and when a database was put back from a copy, all of it ends.
CREATE TABLE support_grants (
    id BLOB NOT NULL PRIMARY KEY,
    tenant_id BLOB NOT NULL,
    granter_id BLOB NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    views BIGINT NOT NULL,
    viewed_at BIGINT
);
CREATE INDEX support_grants_tenant ON support_grants (tenant_id, id);
CREATE INDEX support_grants_expiry ON support_grants (expires_at);

-- Into which collections a grant lets support look.
CREATE TABLE support_grant_collections (
    tenant_id BLOB NOT NULL,
    grant_id BLOB NOT NULL,
    collection_id BLOB NOT NULL,
    PRIMARY KEY (tenant_id, grant_id, collection_id)
) WITHOUT ROWID;

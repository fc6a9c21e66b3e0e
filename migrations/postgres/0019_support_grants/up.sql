-- What a tenant lets support look at, and until when: ids, times and counts alone. Outside of row-level security: what is live is
-- listed before any tenant is known, and when a database was put back from a copy, all of it ends.
CREATE TABLE support_grants (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    granter_id UUID NOT NULL,
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
    tenant_id UUID NOT NULL,
    grant_id UUID NOT NULL,
    collection_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, grant_id, collection_id)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON support_grants, support_grant_collections TO seif_rows;

ALTER TABLE support_grant_collections ENABLE ROW LEVEL SECURITY;
ALTER TABLE support_grant_collections FORCE ROW LEVEL SECURITY;
CREATE POLICY support_grant_collections_of_tenants ON support_grant_collections TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

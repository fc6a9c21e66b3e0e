-- Files: name, type and digest are sealed, and so is each file's own key; the sealed content is an object.
CREATE TABLE files (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    record_id UUID,
    object_id UUID NOT NULL,
    size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    content_key BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX files_of_records ON files (tenant_id, record_id, id);

-- Objects in the making, in use, and no longer needed: what a kill leaves behind is found here. Outside of row-level
-- security, since a sweep goes over those of all tenants.
CREATE TABLE objects (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    state SMALLINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX objects_of_tenants ON objects (tenant_id, id);
CREATE INDEX objects_by_state ON objects (state, at);

GRANT SELECT, INSERT, UPDATE, DELETE ON files, objects TO seif_rows;

ALTER TABLE files ENABLE ROW LEVEL SECURITY;
ALTER TABLE files FORCE ROW LEVEL SECURITY;
CREATE POLICY files_of_tenants ON files TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

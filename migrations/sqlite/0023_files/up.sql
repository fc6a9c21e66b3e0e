-- Files: name, type and digest are sealed, and so is each file's own key; the sealed content is an object.
CREATE TABLE files (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    record_id BLOB,
    object_id BLOB NOT NULL,
    size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    body BLOB NOT NULL,
    content_key BLOB NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX files_of_records ON files (tenant_id, record_id, id);

-- Objects in the making, in use, and no longer needed: what a kill leaves behind is found here. A
-- sweep goes over those of all tenants.
CREATE TABLE objects (
    id BLOB NOT NULL PRIMARY KEY,
    tenant_id BLOB NOT NULL,
    state SMALLINT NOT NULL,
    at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX objects_of_tenants ON objects (tenant_id, id);
CREATE INDEX objects_by_state ON objects (state, at);

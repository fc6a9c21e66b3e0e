-- One row: which installation this database belongs to; the keyring names the same one.
CREATE TABLE instance (
    id BLOB NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

-- Mirrors the keyring's key states, so that no write lands under a closed version.
CREATE TABLE key_versions (
    owner_kind SMALLINT NOT NULL,
    owner_id BLOB NOT NULL,
    version BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    PRIMARY KEY (owner_kind, owner_id, version)
) WITHOUT ROWID;

CREATE TABLE accounts (
    id BLOB NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    body BLOB NOT NULL,
    password BLOB NOT NULL,
    password_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE account_tenants (
    account_id BLOB NOT NULL,
    tenant_id BLOB NOT NULL,
    PRIMARY KEY (account_id, tenant_id)
) WITHOUT ROWID;

CREATE TABLE sign_ins (
    account_id BLOB NOT NULL,
    id BLOB NOT NULL,
    at BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (account_id, id)
);

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL,
    account_id BLOB NOT NULL,
    assurance SMALLINT NOT NULL,
    shared_computer BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    expires_at BIGINT NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX sessions_digest ON sessions (digest);
CREATE INDEX sessions_account ON sessions (account_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE confirmations (
    id BLOB NOT NULL PRIMARY KEY,
    session_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    method SMALLINT NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX confirmations_session ON confirmations (session_id);
CREATE INDEX confirmations_account ON confirmations (account_id, created_at);
CREATE INDEX confirmations_expiry ON confirmations (expires_at);

CREATE TABLE signups (
    id BLOB NOT NULL PRIMARY KEY,
    day BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX signups_expiry ON signups (expires_at);

CREATE TABLE throttles (
    tag BLOB NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    since BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX throttles_expiry ON throttles (expires_at);

CREATE TABLE tokens (
    id BLOB NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL,
    tenant_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    scopes BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX tokens_digest ON tokens (digest);
CREATE INDEX tokens_tenant ON tokens (tenant_id, id);

CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY,
    owner_kind SMALLINT NOT NULL,
    owner_id BLOB NOT NULL,
    state SMALLINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX outbox_due ON outbox (state, next_at);

-- Journals of reads that were moved into the audit already.
CREATE TABLE journals (
    id BLOB NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);

CREATE TABLE policies (
    document SMALLINT NOT NULL,
    version BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    announced_at BIGINT NOT NULL,
    effective_at BIGINT NOT NULL,
    PRIMARY KEY (document, version)
) WITHOUT ROWID;

CREATE TABLE policy_texts (
    document SMALLINT NOT NULL,
    version BIGINT NOT NULL,
    language TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    PRIMARY KEY (document, version, language)
);

CREATE TABLE acknowledgements (
    account_id BLOB NOT NULL,
    document SMALLINT NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account_id, document, version)
) WITHOUT ROWID;

-- From here on each table is a tenant's: its primary key starts with tenant_id.
CREATE TABLE tenants (
    tenant_id BLOB NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    body BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE members (
    tenant_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    role SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, account_id)
) WITHOUT ROWID;

CREATE TABLE collections (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    slug_tag BLOB NOT NULL,
    index_version BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX collections_slug ON collections (tenant_id, index_version, slug_tag);

CREATE TABLE records (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    collection_id BLOB NOT NULL,
    version BIGINT NOT NULL,
    trashed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX records_listed ON records (tenant_id, collection_id, id) WHERE trashed_at IS NULL;
CREATE INDEX records_trashed ON records (tenant_id, collection_id, id) WHERE trashed_at IS NOT NULL;

CREATE TABLE record_versions (
    tenant_id BLOB NOT NULL,
    record_id BLOB NOT NULL,
    version BIGINT NOT NULL,
    change SMALLINT NOT NULL,
    actor_kind SMALLINT NOT NULL,
    actor_id BLOB NOT NULL,
    at BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (tenant_id, record_id, version)
);

CREATE TABLE record_tags (
    tenant_id BLOB NOT NULL,
    field_id BLOB NOT NULL,
    index_version BIGINT NOT NULL,
    tag BLOB NOT NULL,
    record_id BLOB NOT NULL,
    is_unique BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, field_id, index_version, tag, record_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX record_tags_unique ON record_tags (tenant_id, field_id, index_version, tag) WHERE is_unique;
CREATE INDEX record_tags_record ON record_tags (tenant_id, record_id);

CREATE TABLE audit_entries (
    tenant_id BLOB NOT NULL,
    lane BLOB NOT NULL,
    seq BIGINT NOT NULL,
    id BLOB NOT NULL,
    at BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    chain BLOB NOT NULL,
    body BLOB,
    actor_id BLOB,
    actor BLOB,
    PRIMARY KEY (tenant_id, lane, seq)
);
CREATE INDEX audit_entries_at ON audit_entries (tenant_id, at);

CREATE TABLE idempotency (
    tenant_id BLOB NOT NULL,
    key_tag BLOB NOT NULL,
    body_tag BLOB NOT NULL,
    row_id BLOB NOT NULL,
    at BIGINT NOT NULL,
    answer BLOB,
    PRIMARY KEY (tenant_id, key_tag)
);
CREATE INDEX idempotency_at ON idempotency (tenant_id, at);

-- One row: which installation this database belongs to; the keyring names the same one.
CREATE TABLE instance (
    id UUID NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

-- Mirrors the keyring's key states, so that no write lands under a closed version.
CREATE TABLE key_versions (
    owner_kind SMALLINT NOT NULL,
    owner_id UUID NOT NULL,
    version BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    PRIMARY KEY (owner_kind, owner_id, version)
);

CREATE TABLE accounts (
    id UUID NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    body BYTEA NOT NULL,
    password BYTEA NOT NULL,
    password_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE account_tenants (
    account_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    PRIMARY KEY (account_id, tenant_id)
);

CREATE TABLE sign_ins (
    account_id UUID NOT NULL,
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (account_id, id)
);

CREATE TABLE sessions (
    id UUID NOT NULL PRIMARY KEY,
    digest BYTEA NOT NULL,
    account_id UUID NOT NULL,
    assurance SMALLINT NOT NULL,
    shared_computer BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    expires_at BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE UNIQUE INDEX sessions_digest ON sessions (digest);
CREATE INDEX sessions_account ON sessions (account_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE confirmations (
    id UUID NOT NULL PRIMARY KEY,
    session_id UUID NOT NULL,
    account_id UUID NOT NULL,
    method SMALLINT NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX confirmations_session ON confirmations (session_id);
CREATE INDEX confirmations_account ON confirmations (account_id, created_at);
CREATE INDEX confirmations_expiry ON confirmations (expires_at);

CREATE TABLE signups (
    id UUID NOT NULL PRIMARY KEY,
    day BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX signups_expiry ON signups (expires_at);

CREATE TABLE throttles (
    tag BYTEA NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    since BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX throttles_expiry ON throttles (expires_at);

CREATE TABLE tokens (
    id UUID NOT NULL PRIMARY KEY,
    digest BYTEA NOT NULL,
    tenant_id UUID NOT NULL,
    account_id UUID NOT NULL,
    scopes BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    body BYTEA NOT NULL
);
CREATE UNIQUE INDEX tokens_digest ON tokens (digest);
CREATE INDEX tokens_tenant ON tokens (tenant_id, id);

CREATE TABLE outbox (
    id UUID NOT NULL PRIMARY KEY,
    owner_kind SMALLINT NOT NULL,
    owner_id UUID NOT NULL,
    state SMALLINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX outbox_due ON outbox (state, next_at);

-- Journals of reads that were moved into the audit already.
CREATE TABLE journals (
    id UUID NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);

CREATE TABLE policies (
    document SMALLINT NOT NULL,
    version BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    announced_at BIGINT NOT NULL,
    effective_at BIGINT NOT NULL,
    PRIMARY KEY (document, version)
);

CREATE TABLE policy_texts (
    document SMALLINT NOT NULL,
    version BIGINT NOT NULL,
    language TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    PRIMARY KEY (document, version, language)
);

CREATE TABLE acknowledgements (
    account_id UUID NOT NULL,
    document SMALLINT NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account_id, document, version)
);

-- From here on each table is a tenant's: its primary key starts with tenant_id.
CREATE TABLE tenants (
    tenant_id UUID NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    body BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE members (
    tenant_id UUID NOT NULL,
    account_id UUID NOT NULL,
    role SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, account_id)
);

CREATE TABLE collections (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    slug_tag BYTEA NOT NULL,
    index_version BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX collections_slug ON collections (tenant_id, index_version, slug_tag);

CREATE TABLE records (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    collection_id UUID NOT NULL,
    version BIGINT NOT NULL,
    trashed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX records_listed ON records (tenant_id, collection_id, id) WHERE trashed_at IS NULL;
CREATE INDEX records_trashed ON records (tenant_id, collection_id, id) WHERE trashed_at IS NOT NULL;

CREATE TABLE record_versions (
    tenant_id UUID NOT NULL,
    record_id UUID NOT NULL,
    version BIGINT NOT NULL,
    change SMALLINT NOT NULL,
    actor_kind SMALLINT NOT NULL,
    actor_id UUID NOT NULL,
    at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, record_id, version)
);

CREATE TABLE record_tags (
    tenant_id UUID NOT NULL,
    field_id UUID NOT NULL,
    index_version BIGINT NOT NULL,
    tag BYTEA NOT NULL,
    record_id UUID NOT NULL,
    is_unique BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, field_id, index_version, tag, record_id)
);
CREATE UNIQUE INDEX record_tags_unique ON record_tags (tenant_id, field_id, index_version, tag) WHERE is_unique;
CREATE INDEX record_tags_record ON record_tags (tenant_id, record_id);

CREATE TABLE audit_entries (
    tenant_id UUID NOT NULL,
    lane UUID NOT NULL,
    seq BIGINT NOT NULL,
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    leaf BYTEA NOT NULL,
    chain BYTEA NOT NULL,
    body BYTEA,
    actor_id UUID,
    actor BYTEA,
    PRIMARY KEY (tenant_id, lane, seq)
);
CREATE INDEX audit_entries_at ON audit_entries (tenant_id, at);

CREATE TABLE idempotency (
    tenant_id UUID NOT NULL,
    key_tag BYTEA NOT NULL,
    body_tag BYTEA NOT NULL,
    row_id UUID NOT NULL,
    at BIGINT NOT NULL,
    answer BYTEA,
    PRIMARY KEY (tenant_id, key_tag)
);
CREATE INDEX idempotency_at ON idempotency (tenant_id, at);

-- Rows of tenants are reached under a role that can neither log in nor bypass row-level security, taken per transaction.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'seif_rows') THEN
        CREATE ROLE seif_rows NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
DO $$
BEGIN
    EXECUTE format('GRANT seif_rows TO %I', current_user);
EXCEPTION WHEN OTHERS THEN
    NULL;
END
$$;
DO $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO seif_rows', current_schema());
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    instance,
    key_versions,
    accounts,
    account_tenants,
    sign_ins,
    sessions,
    confirmations,
    signups,
    throttles,
    tokens,
    outbox,
    journals,
    policies,
    policy_texts,
    acknowledgements,
    tenants,
    members,
    collections,
    records,
    record_versions,
    record_tags,
    audit_entries,
    idempotency
    TO seif_rows;

CREATE FUNCTION seif_tenants() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT string_to_array(nullif(current_setting('seif.tenants', true), ''), ',')::uuid[] $$;

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants_of_tenants ON tenants TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE members FORCE ROW LEVEL SECURITY;
CREATE POLICY members_of_tenants ON members TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

ALTER TABLE collections ENABLE ROW LEVEL SECURITY;
ALTER TABLE collections FORCE ROW LEVEL SECURITY;
CREATE POLICY collections_of_tenants ON collections TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

ALTER TABLE records ENABLE ROW LEVEL SECURITY;
ALTER TABLE records FORCE ROW LEVEL SECURITY;
CREATE POLICY records_of_tenants ON records TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

ALTER TABLE record_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY record_versions_of_tenants ON record_versions TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

ALTER TABLE record_tags ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_tags FORCE ROW LEVEL SECURITY;
CREATE POLICY record_tags_of_tenants ON record_tags TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_entries_of_tenants ON audit_entries TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY idempotency_of_tenants ON idempotency TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

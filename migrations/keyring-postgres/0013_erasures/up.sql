-- Erasures, wished and done: found by the digest of their id, which is known to who left alone. They stand here because
-- a restore of the data must not undo a wish or lose a certificate. `facts` and the certificates are JSON of ids,
-- counts and times.
CREATE TABLE erasures (
    digest BYTEA NOT NULL PRIMARY KEY,
    owner_kind SMALLINT NOT NULL,
    owner_id UUID NOT NULL,
    state SMALLINT NOT NULL,
    requested_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    held_until BIGINT NOT NULL,
    keys_destroyed_at BIGINT,
    finished_at BIGINT,
    horizon_at BIGINT,
    facts BYTEA NOT NULL,
    certificate BYTEA,
    last_certificate BYTEA
);
CREATE UNIQUE INDEX erasures_owner ON erasures (owner_kind, owner_id);
CREATE INDEX erasures_due ON erasures (state, due_at);

-- The keys that certificates are signed with; the secret halves are sealed under the service's own key.
CREATE TABLE signing_keys (
    id UUID NOT NULL PRIMARY KEY,
    public BYTEA NOT NULL,
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- What tags stand under a key version: 0 none, 1 those that are looked up, 2 written beside those.
ALTER TABLE owner_keys ADD COLUMN tags SMALLINT NOT NULL DEFAULT 1;

-- How many values were sealed under it, as far as the processes have told.
ALTER TABLE owner_keys ADD COLUMN seals BIGINT NOT NULL DEFAULT 0;

-- Owners' keys that turn over, each from one version to the next. They stand here because a restore of the data must not
-- undo how far one is. `facts` and the report are JSON of ids, counts and times.
CREATE TABLE rekeys (
    owner_kind SMALLINT NOT NULL,
    owner_id UUID NOT NULL,
    old_version BIGINT NOT NULL,
    new_version BIGINT NOT NULL,
    stage SMALLINT NOT NULL,
    begun_at BIGINT NOT NULL,
    stage_at BIGINT NOT NULL,
    held_until BIGINT NOT NULL,
    destroy_at BIGINT,
    is_paused BOOLEAN NOT NULL,
    actor TEXT NOT NULL,
    facts BYTEA NOT NULL,
    report BYTEA,
    PRIMARY KEY (owner_kind, owner_id, old_version)
);
CREATE INDEX rekeys_due ON rekeys (stage, held_until);

-- What an operator asked to be turned over, and since when: whoever asks again before the end goes on with it.
CREATE TABLE rekey_runs (
    whose TEXT PRIMARY KEY NOT NULL,
    begun_at BIGINT NOT NULL
);

-- Tenants whose keys nobody is given, until an owner of theirs opens the vault again.
CREATE TABLE sealings (
    tenant_id UUID PRIMARY KEY NOT NULL,
    account_id UUID NOT NULL,
    at BIGINT NOT NULL
);

-- How far a root version is: 1 planned, 2 live, 3 being destroyed, 4 destroyed. Its provider knows it by the handle.
ALTER TABLE roots ADD COLUMN state SMALLINT NOT NULL DEFAULT 2;
ALTER TABLE roots ADD COLUMN handle TEXT NOT NULL DEFAULT '';

-- What was done to a root version, when, by whom, and to how many owner keys.
CREATE TABLE root_events (
    id UUID NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    keys BIGINT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- Whose keys changed when the epoch moved to this value, so that a process drops those and no others.
CREATE TABLE key_changes (
    epoch BIGINT NOT NULL,
    owner_kind SMALLINT NOT NULL,
    owner_id UUID NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (epoch, owner_kind, owner_id)
);
CREATE INDEX key_changes_at ON key_changes (at);

-- A rotation takes the keys under an old version from here.
DROP INDEX owner_keys_root;
CREATE INDEX owner_keys_root ON owner_keys (root_version, owner_kind, owner_id, version);

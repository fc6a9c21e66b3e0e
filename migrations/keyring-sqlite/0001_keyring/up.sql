CREATE TABLE instance (
    id BLOB NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

-- Moves at each change of a key or of a key's state; every process reads it and drops what it holds when it moved.
CREATE TABLE epoch (
    one BIGINT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO epoch (one, value) VALUES (1, 1);

CREATE TABLE roots (
    version BIGINT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    is_current BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    proof BLOB NOT NULL
);
CREATE UNIQUE INDEX roots_current ON roots (is_current) WHERE is_current;

CREATE TABLE owner_keys (
    owner_kind SMALLINT NOT NULL,
    owner_id BLOB NOT NULL,
    version BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    root_version BIGINT NOT NULL,
    wrapped BLOB,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (owner_kind, owner_id, version)
);
CREATE INDEX owner_keys_root ON owner_keys (root_version);

-- Who signs in by what: the tag of an e-mail address or a phone number, and the account.
CREATE TABLE identifiers (
    tag BLOB NOT NULL,
    index_version BIGINT NOT NULL,
    account_id BLOB NOT NULL,
    claimed_at BIGINT NOT NULL,
    is_settled BOOLEAN NOT NULL,
    PRIMARY KEY (index_version, tag)
);
CREATE INDEX identifiers_account ON identifiers (account_id);
CREATE INDEX identifiers_claims ON identifiers (claimed_at) WHERE NOT is_settled;

-- What was erased, by id and time alone.
CREATE TABLE ledger (
    owner_kind SMALLINT NOT NULL,
    owner_id BLOB NOT NULL,
    row_id BLOB NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (owner_kind, owner_id, row_id)
);

-- Tokens and sessions that were ended: a restored data's database cannot bring them back.
CREATE TABLE revocations (
    kind SMALLINT NOT NULL,
    id BLOB NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (kind, id)
);

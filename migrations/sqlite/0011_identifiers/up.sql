-- What the service has asked of a person in the application: when they answered, until when they put it off.
CREATE TABLE prompts (
    account_id BLOB NOT NULL,
    prompt SMALLINT NOT NULL,
    answered_at BIGINT,
    put_off_until BIGINT,
    PRIMARY KEY (account_id, prompt)
) WITHOUT ROWID;

-- Changes of what an account signs in by: those that wait for their code, and those that can still be undone from the
-- old. Both, with their codes, are sealed under the account's key.
CREATE TABLE identifier_changes (
    account_id BLOB NOT NULL,
    id BLOB NOT NULL,
    kind SMALLINT NOT NULL,
    state SMALLINT NOT NULL,
    tries BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX identifier_changes_expiry ON identifier_changes (expires_at);

-- Requests to undo such a change, for identifiers that exist and those that do not alike; sealed under the key of their day.
CREATE TABLE identifier_undos (
    id BLOB NOT NULL PRIMARY KEY,
    day BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX identifier_undos_expiry ON identifier_undos (expires_at);

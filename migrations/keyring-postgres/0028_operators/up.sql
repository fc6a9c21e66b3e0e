-- Who runs the service. They stand here because a restore of the data must not bring back an operator who was removed, a
-- role that was taken away, or a code that was used. What is known of a person is sealed under the service's own key; a
-- name is found by its tag alone.
CREATE TABLE operators (
    id UUID PRIMARY KEY NOT NULL,
    index_version BIGINT NOT NULL,
    name_tag BYTEA NOT NULL,
    role TEXT NOT NULL,
    version BIGINT NOT NULL,
    body BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX operators_name ON operators (index_version, name_tag);

-- Their sessions in the console, by the digest of what the cookie holds.
CREATE TABLE operator_sessions (
    digest BYTEA PRIMARY KEY NOT NULL,
    operator_id UUID NOT NULL,
    begun_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    shown_at BIGINT NOT NULL
);
CREATE INDEX operator_sessions_operator ON operator_sessions (operator_id);

-- Questions to passkeys that wait for an answer: each is gone with its first.
CREATE TABLE operator_questions (
    id UUID PRIMARY KEY NOT NULL,
    operator_id UUID,
    expires_at BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX operator_questions_operator ON operator_questions (operator_id);
CREATE INDEX operator_questions_expires ON operator_questions (expires_at);

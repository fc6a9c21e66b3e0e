-- What a browser has begun before anybody is signed in. It knows its row by a token; what was begun is sealed under the
-- key of the day.
CREATE TABLE anonymous_sessions (
    id BLOB NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL,
    day BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX anonymous_sessions_digest ON anonymous_sessions (digest);
CREATE INDEX anonymous_sessions_expiry ON anonymous_sessions (expires_at);

-- The sessions that stand on a sign-in at an identity provider, so that they end with it: tags of issuer and subject, and
-- of issuer and that sign-in, under the service's key.
CREATE TABLE provider_sessions (
    session_id BLOB NOT NULL,
    index_version BIGINT NOT NULL,
    subject_tag BLOB NOT NULL,
    sid_tag BLOB,
    PRIMARY KEY (session_id, index_version, subject_tag)
);
CREATE INDEX provider_sessions_subject ON provider_sessions (subject_tag);
CREATE INDEX provider_sessions_sid ON provider_sessions (sid_tag);

-- Sign-outs that a provider has told already: each is taken once.
CREATE TABLE provider_logouts (
    tag BLOB NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX provider_logouts_expiry ON provider_logouts (expires_at);

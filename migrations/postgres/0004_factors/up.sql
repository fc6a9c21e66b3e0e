-- What confirms a person beside the password, enrolled or being enrolled; what it is called and what it checks against
-- are sealed. `proof` is what a session has shown that was confirmed by it.
CREATE TABLE factors (
    account_id UUID NOT NULL,
    id UUID NOT NULL,
    method SMALLINT NOT NULL,
    proof SMALLINT NOT NULL,
    state SMALLINT NOT NULL,
    failures BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    body BYTEA NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX factors_state ON factors (state, created_at);

-- When a session was last confirmed by a strong method, and by a recovery code.
ALTER TABLE sessions ADD COLUMN strong_at BIGINT;
ALTER TABLE sessions ADD COLUMN recovered_at BIGINT;

GRANT SELECT, INSERT, UPDATE, DELETE ON factors TO seif_rows;

-- What people agreed to and took back: one row a decision, by purpose and by the version of its text. The newest counts, and
-- none changes. `way`: by the person's own word (1), by Global Privacy Control (2).
CREATE TABLE consents (
    account_id BLOB NOT NULL,
    purpose SMALLINT NOT NULL,
    number BIGINT NOT NULL,
    text_version BIGINT NOT NULL,
    is_given BOOLEAN NOT NULL,
    way SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account_id, purpose, number)
) WITHOUT ROWID;

CREATE TRIGGER consents_stay BEFORE UPDATE ON consents
BEGIN
    SELECT RAISE(ABORT, 'a decision on a consent stays');
END;

-- What people agreed to and took back: one row a decision, by purpose and by the version of its text. The newest counts, and
-- none changes. `way`: by the person's own word (1), by Global Privacy Control (2).
CREATE TABLE consents (
    account_id UUID NOT NULL,
    purpose SMALLINT NOT NULL,
    number BIGINT NOT NULL,
    text_version BIGINT NOT NULL,
    is_given BOOLEAN NOT NULL,
    way SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account_id, purpose, number)
);

CREATE FUNCTION consents_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a decision on a consent stays';
END
$$;
CREATE TRIGGER consents_stay BEFORE UPDATE ON consents
    FOR EACH ROW EXECUTE FUNCTION consents_stay();

GRANT SELECT, INSERT, DELETE ON consents TO seif_rows;

-- Which recovery codes were used, each by a mark that is made from its digest: the sets that hold the others are sealed, and may be
-- put back from a copy of before. Whose a code was that the keyring alone remembers is not known.
CREATE TABLE used_codes (
    code_id UUID NOT NULL PRIMARY KEY,
    account_id UUID,
    at BIGINT NOT NULL
);
CREATE INDEX used_codes_account ON used_codes (account_id);
CREATE INDEX used_codes_at ON used_codes (at);

GRANT SELECT, INSERT, UPDATE, DELETE ON used_codes TO seif_rows;

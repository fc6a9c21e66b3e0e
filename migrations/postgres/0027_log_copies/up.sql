-- The transparency log's entries a second time, for a keyring that is put back from before: no checkpoint is handed out
-- whose entries do not stand here too.
CREATE TABLE log_copies (
    position BIGINT NOT NULL PRIMARY KEY,
    entry BYTEA NOT NULL
);
GRANT SELECT, INSERT ON log_copies TO seif_rows;

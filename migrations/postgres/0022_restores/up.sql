-- Moves with the keyring's at each start: a database that is behind it was put back from a copy.
ALTER TABLE instance ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;

-- Back-ups that were restored into a scratch place to see whether they can be. `facts` is JSON of names, counts, times.
CREATE TABLE backup_drills (
    id UUID NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    is_good BOOLEAN NOT NULL,
    facts BYTEA NOT NULL
);
CREATE INDEX backup_drills_at ON backup_drills (at);

GRANT SELECT, INSERT, UPDATE, DELETE ON backup_drills TO seif_rows;

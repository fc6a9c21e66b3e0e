-- Moves with the keyring's at each start: a database that is behind it was put back from a copy.
ALTER TABLE instance ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;

-- Back-ups that were restored into a scratch place to see whether they can be. `facts` is JSON of names, counts, times.
CREATE TABLE backup_drills (
    id BLOB NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    is_good BOOLEAN NOT NULL,
    facts BLOB NOT NULL
);
CREATE INDEX backup_drills_at ON backup_drills (at);

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

-- The certificates of erasures a second time, for a keyring that is put back from before: `body` is JSON of ids, counts and
-- times, as the keyring has it.
CREATE TABLE certificates (
    digest BLOB NOT NULL PRIMARY KEY,
    stage SMALLINT NOT NULL,
    body BLOB NOT NULL
);

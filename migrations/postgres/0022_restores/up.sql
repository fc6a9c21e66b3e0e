-- Moves with the keyring's at each start: a database that is behind it was put back from a copy.
ALTER TABLE instance ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;

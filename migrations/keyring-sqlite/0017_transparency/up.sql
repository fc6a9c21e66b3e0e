-- What a signing key signs: 1 certificates, 2 the transparency log's checkpoints.
ALTER TABLE signing_keys ADD COLUMN purpose SMALLINT NOT NULL DEFAULT 1;

-- The transparency log: how many entries it has, the entries, the hashes of all complete subtrees of their Merkle tree,
-- and what was signed of it. It stands here because a restore of the data must not shorten it. An entry is JSON of ids,
-- digests, counts and times; `subject` keeps the same fact from being entered twice.
CREATE TABLE log_head (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    size BIGINT NOT NULL
);
INSERT INTO log_head (one, size) VALUES (1, 0);
CREATE TABLE log_entries (
    position BIGINT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    entry BLOB NOT NULL
);
CREATE UNIQUE INDEX log_entries_subject ON log_entries (subject);
CREATE TABLE log_nodes (
    level BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, position)
);
CREATE TABLE log_checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    note TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- What is in the log stays in it, as it is.
CREATE TRIGGER log_head_grows BEFORE UPDATE ON log_head WHEN NEW.size < OLD.size
BEGIN SELECT RAISE(ABORT, 'the transparency log only grows'); END;
CREATE TRIGGER log_head_stays BEFORE DELETE ON log_head
BEGIN SELECT RAISE(ABORT, 'the transparency log only grows'); END;
CREATE TRIGGER log_entries_unchanged BEFORE UPDATE ON log_entries
BEGIN SELECT RAISE(ABORT, 'the transparency log only grows'); END;
CREATE TRIGGER log_entries_stay BEFORE DELETE ON log_entries
BEGIN SELECT RAISE(ABORT, 'the transparency log only grows'); END;
CREATE TRIGGER log_nodes_unchanged BEFORE UPDATE ON log_nodes
BEGIN SELECT RAISE(ABORT, 'the transparency log only grows'); END;
CREATE TRIGGER log_nodes_stay BEFORE DELETE ON log_nodes
BEGIN SELECT RAISE(ABORT, 'the transparency log only grows'); END;
CREATE TRIGGER log_checkpoints_unchanged BEFORE UPDATE ON log_checkpoints
BEGIN SELECT RAISE(ABORT, 'the transparency log only grows'); END;
CREATE TRIGGER log_checkpoints_stay BEFORE DELETE ON log_checkpoints
BEGIN SELECT RAISE(ABORT, 'the transparency log only grows'); END;

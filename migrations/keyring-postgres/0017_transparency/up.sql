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
    entry BYTEA NOT NULL
);
CREATE UNIQUE INDEX log_entries_subject ON log_entries (subject);
CREATE TABLE log_nodes (
    level BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (level, position)
);
CREATE TABLE log_checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    note TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- What is in the log stays in it, as it is.
CREATE FUNCTION log_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the transparency log only grows';
END
$$;
CREATE TRIGGER log_head_grows BEFORE UPDATE ON log_head FOR EACH ROW WHEN (NEW.size < OLD.size)
    EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER log_head_stays BEFORE DELETE OR TRUNCATE ON log_head
    FOR EACH STATEMENT EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER log_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON log_entries
    FOR EACH STATEMENT EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER log_nodes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON log_nodes
    FOR EACH STATEMENT EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER log_checkpoints_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION log_only_grows();

-- What operators did, each step an entry in one chain. It stands here because no restore of the data may take back that
-- somebody did something. An entry is JSON of ids, counts and names of acts.
CREATE TABLE operator_head (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    seq BIGINT NOT NULL,
    chain BLOB NOT NULL
);
INSERT INTO operator_head (one, seq, chain) VALUES (1, 0, X'');
CREATE TABLE operator_entries (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    body BLOB NOT NULL,
    chain BLOB NOT NULL
);

-- Which tenants an entry is told to in their own audit, and when that was done; `held_until` keeps two from telling at once.
CREATE TABLE operator_tellings (
    seq BIGINT NOT NULL,
    tenant_id BLOB NOT NULL,
    held_until BIGINT NOT NULL,
    told_at BIGINT,
    PRIMARY KEY (seq, tenant_id)
);
CREATE INDEX operator_tellings_due ON operator_tellings (told_at, held_until);
CREATE INDEX operator_tellings_tenant ON operator_tellings (tenant_id);

-- What one operator proposed and another is to confirm: 1 waits, 2 confirmed, 3 refused, 4 done. `deed` is JSON of what.
CREATE TABLE operator_proposals (
    id BLOB NOT NULL PRIMARY KEY,
    act TEXT NOT NULL,
    deed BLOB NOT NULL,
    proposer TEXT NOT NULL,
    at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT
);
CREATE INDEX operator_proposals_state ON operator_proposals (state, at);

-- What is in the ledger stays in it, as it is.
CREATE TRIGGER operator_head_grows BEFORE UPDATE ON operator_head WHEN NEW.seq < OLD.seq
BEGIN SELECT RAISE(ABORT, 'the operator ledger only grows'); END;
CREATE TRIGGER operator_head_stays BEFORE DELETE ON operator_head
BEGIN SELECT RAISE(ABORT, 'the operator ledger only grows'); END;
CREATE TRIGGER operator_entries_unchanged BEFORE UPDATE ON operator_entries
BEGIN SELECT RAISE(ABORT, 'the operator ledger only grows'); END;
CREATE TRIGGER operator_entries_stay BEFORE DELETE ON operator_entries
BEGIN SELECT RAISE(ABORT, 'the operator ledger only grows'); END;
CREATE TRIGGER operator_tellings_stay BEFORE DELETE ON operator_tellings
BEGIN SELECT RAISE(ABORT, 'the operator ledger only grows'); END;

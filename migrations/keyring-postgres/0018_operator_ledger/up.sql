-- What operators did, each step an entry in one chain. It stands here because no restore of the data may take back that
-- somebody did something. An entry is JSON of ids, counts and names of acts.
CREATE TABLE operator_head (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    seq BIGINT NOT NULL,
    chain BYTEA NOT NULL
);
INSERT INTO operator_head (one, seq, chain) VALUES (1, 0, '');
CREATE TABLE operator_entries (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    chain BYTEA NOT NULL
);

-- Which tenants an entry is told to in their own audit, and when that was done; `held_until` keeps two from telling at once.
CREATE TABLE operator_tellings (
    seq BIGINT NOT NULL,
    tenant_id UUID NOT NULL,
    held_until BIGINT NOT NULL,
    told_at BIGINT,
    PRIMARY KEY (seq, tenant_id)
);
CREATE INDEX operator_tellings_due ON operator_tellings (told_at, held_until);
CREATE INDEX operator_tellings_tenant ON operator_tellings (tenant_id);

-- What one operator proposed and another is to confirm: 1 waits, 2 confirmed, 3 refused, 4 done. `deed` is JSON of what.
CREATE TABLE operator_proposals (
    id UUID NOT NULL PRIMARY KEY,
    act TEXT NOT NULL,
    deed BYTEA NOT NULL,
    proposer TEXT NOT NULL,
    at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT
);
CREATE INDEX operator_proposals_state ON operator_proposals (state, at);

-- What is in the ledger stays in it, as it is.
CREATE FUNCTION operator_ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the operator ledger only grows';
END
$$;
CREATE TRIGGER operator_head_grows BEFORE UPDATE ON operator_head FOR EACH ROW WHEN (NEW.seq < OLD.seq)
    EXECUTE FUNCTION operator_ledger_only_grows();
CREATE TRIGGER operator_head_stays BEFORE DELETE OR TRUNCATE ON operator_head
    FOR EACH STATEMENT EXECUTE FUNCTION operator_ledger_only_grows();
CREATE TRIGGER operator_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON operator_entries
    FOR EACH STATEMENT EXECUTE FUNCTION operator_ledger_only_grows();
CREATE TRIGGER operator_tellings_stay BEFORE DELETE OR TRUNCATE ON operator_tellings
    FOR EACH STATEMENT EXECUTE FUNCTION operator_ledger_only_grows();

-- The life of a version: draft (1), announced (2), in force (3), superseded (4), withdrawn while announced (5).
-- `effective_at` is a floor; `in_force_at` is when it came into force. `notice` is how long before, in microseconds, every
-- account was to be told. `queued_at` is since when every account has a notice. `fallback` is the language of readers whose
-- own has no text.
ALTER TABLE policies ADD COLUMN material BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE policies ADD COLUMN fallback TEXT;
ALTER TABLE policies ADD COLUMN notice BIGINT NOT NULL DEFAULT 0;
ALTER TABLE policies ADD COLUMN queued_at BIGINT;
ALTER TABLE policies ADD COLUMN in_force_at BIGINT;
UPDATE policies SET in_force_at = effective_at WHERE state IN (3, 4);
ALTER TABLE policy_texts ADD COLUMN summary TEXT NOT NULL DEFAULT '';
-- Of each document one draft, one announced version, and one in force.
CREATE UNIQUE INDEX policies_one_draft ON policies (document) WHERE state = 1;
CREATE UNIQUE INDEX policies_one_announced ON policies (document) WHERE state = 2;
CREATE UNIQUE INDEX policies_one_in_force ON policies (document) WHERE state = 3;

-- Who is told of a version, and what became of it. `state`: to be mailed (1), with the outbox (2), sent (3), refused (4),
-- bounced (5), not reached after retries (6), not mailed because the version was withdrawn (7), told at the sign-up (8).
-- `ready_at` is from when on this account no longer holds the version up.
CREATE TABLE policy_notices (
    account_id BLOB NOT NULL,
    document SMALLINT NOT NULL,
    version BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    message_id BLOB,
    queued_at BIGINT NOT NULL,
    settled_at BIGINT,
    reply SMALLINT,
    seen_at BIGINT,
    acknowledged_at BIGINT,
    ready_at BIGINT,
    PRIMARY KEY (account_id, document, version)
) WITHOUT ROWID;
CREATE INDEX policy_notices_state ON policy_notices (state, account_id);
CREATE INDEX policy_notices_ready ON policy_notices (document, version, ready_at);
CREATE INDEX policy_notices_message ON policy_notices (message_id);

-- What happened to a version, once each, and never changed: announced (1), a notice queued for every account (2), came into
-- force (3), superseded (4), withdrawn (5). The counts are those of that moment.
CREATE TABLE policy_events (
    document SMALLINT NOT NULL,
    version BIGINT NOT NULL,
    event SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    accounts BIGINT NOT NULL,
    noticed BIGINT NOT NULL,
    unreachable BIGINT NOT NULL,
    PRIMARY KEY (document, version, event)
) WITHOUT ROWID;
INSERT INTO policy_events SELECT document, version, 1, announced_at, 'service', 0, 0, 0 FROM policies WHERE state IN (2, 3, 4);
INSERT INTO policy_events SELECT document, version, 3, effective_at, 'service', 0, 0, 0 FROM policies WHERE state IN (3, 4);

CREATE TRIGGER policies_begin_as_drafts BEFORE INSERT ON policies
WHEN NEW.state <> 1
BEGIN
    SELECT RAISE(ABORT, 'a version begins as a draft');
END;

DROP TRIGGER policies_stay_published;
CREATE TRIGGER policies_stay_published BEFORE UPDATE ON policies
WHEN OLD.state <> 1 AND (
        NEW.document <> OLD.document OR NEW.version <> OLD.version OR NEW.announced_at <> OLD.announced_at
        OR NEW.effective_at <> OLD.effective_at OR NEW.material <> OLD.material OR NEW.notice <> OLD.notice
        OR NEW.fallback IS NOT OLD.fallback
        OR (OLD.state <> 2 AND (NEW.in_force_at IS NOT OLD.in_force_at OR NEW.queued_at IS NOT OLD.queued_at))
    )
    OR NOT (
        NEW.state = OLD.state OR (OLD.state = 1 AND NEW.state = 2) OR (OLD.state = 1 AND NEW.state = 3 AND NEW.version = 1)
        OR (OLD.state = 2 AND NEW.state IN (3, 5)) OR (OLD.state = 3 AND NEW.state = 4)
    )
BEGIN
    SELECT RAISE(ABORT, 'a published text never changes');
END;

-- A version comes into force not before its time, and not before everybody was told in time or cannot be reached.
CREATE TRIGGER policies_wait_for_notice BEFORE UPDATE ON policies
WHEN OLD.state = 2 AND NEW.state = 3 AND (
    NEW.in_force_at IS NULL OR NEW.in_force_at < OLD.effective_at
    OR EXISTS (
        SELECT 1 FROM policy_notices n
        WHERE n.document = NEW.document AND n.version = NEW.version AND (n.ready_at IS NULL OR n.ready_at > NEW.in_force_at)
    )
    OR EXISTS (
        SELECT 1 FROM accounts a WHERE a.state <> 3 AND NOT EXISTS (
            SELECT 1 FROM policy_notices n
            WHERE n.account_id = a.id AND n.document = NEW.document AND n.version = NEW.version
        )
    )
)
BEGIN
    SELECT RAISE(ABORT, 'not everybody was told in time');
END;

CREATE TRIGGER policy_events_no_update BEFORE UPDATE ON policy_events
BEGIN
    SELECT RAISE(ABORT, 'what happened to a version stays');
END;
CREATE TRIGGER policy_events_no_delete BEFORE DELETE ON policy_events
BEGIN
    SELECT RAISE(ABORT, 'what happened to a version stays');
END;

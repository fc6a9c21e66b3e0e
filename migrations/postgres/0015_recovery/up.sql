-- Mailed codes of who is not signed in: for a new password, to freeze, to thaw. What for, and the code, are sealed under the
-- key of the account, or of a decoy where the identifier is nobody's.
CREATE TABLE recoveries (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX recoveries_account ON recoveries (account_id);
CREATE INDEX recoveries_expires ON recoveries (expires_at);

-- Accounts whose new password waits, since their mailbox is all that there is: it can be set from `ready_at` until
-- `expires_at`. `told_at` is when its person was told that it can.
CREATE TABLE recovery_waits (
    account_id UUID NOT NULL PRIMARY KEY,
    ready_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    told_at BIGINT
);
CREATE INDEX recovery_waits_ready ON recovery_waits (told_at, ready_at);

-- 1 as it was, 2 once the address was shortened.
ALTER TABLE sign_ins ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
CREATE INDEX sign_ins_version ON sign_ins (version, at);

GRANT SELECT, INSERT, UPDATE, DELETE ON recoveries, recovery_waits TO seif_rows;

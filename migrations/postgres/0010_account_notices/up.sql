-- What people were told of their accounts. `gather` is the same for refusals that are one entry: `times` counts them, until
-- `last_at`. `due_at` is when its mail is due; nothing when there is none to send.
CREATE TABLE account_notices (
    account_id UUID NOT NULL,
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    times BIGINT NOT NULL,
    gather BYTEA,
    due_at BIGINT,
    reported_at BIGINT,
    body BYTEA NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX account_notices_gather ON account_notices (account_id, gather);
CREATE INDEX account_notices_due ON account_notices (due_at);
CREATE INDEX account_notices_at ON account_notices (at);

-- 1: mails of what can wait come at once; 2: once a day.
ALTER TABLE accounts ADD COLUMN notice_delivery SMALLINT NOT NULL DEFAULT 1;

GRANT SELECT, INSERT, UPDATE, DELETE ON account_notices TO seif_rows;

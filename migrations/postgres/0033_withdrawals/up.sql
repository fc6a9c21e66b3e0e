-- Whoever was told of a version that was withdrawn is told that too: to be mailed (1), with the outbox (2).
ALTER TABLE policy_notices ADD COLUMN withdrawal SMALLINT;
CREATE INDEX policy_notices_withdrawal ON policy_notices (account_id) WHERE withdrawal = 1;

DROP INDEX policy_notices_withdrawal;
ALTER TABLE policy_notices DROP COLUMN withdrawal;

ALTER TABLE confirmations DROP COLUMN approver_id;
ALTER TABLE accounts DROP COLUMN phone_verified;
ALTER TABLE accounts DROP COLUMN approvals;

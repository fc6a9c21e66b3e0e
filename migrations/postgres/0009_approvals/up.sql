-- Which ways to confirm that nobody enrols are open to an account: its other sessions may approve a sign-in, and its
-- phone number is verified. Both are told to whoever must know before the account's own data is opened.
ALTER TABLE accounts ADD COLUMN approvals BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE accounts ADD COLUMN phone_verified BOOLEAN NOT NULL DEFAULT FALSE;

-- The session that has approved a sign-in on another device.
ALTER TABLE confirmations ADD COLUMN approver_id UUID;

ALTER TABLE rekeys DROP COLUMN waits_until;
ALTER TABLE rekeys DROP COLUMN waits_for;

DROP INDEX sign_ins_version;
ALTER TABLE sign_ins DROP COLUMN version;
DROP TABLE recovery_waits;
DROP TABLE recoveries;

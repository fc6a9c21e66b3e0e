DROP TABLE sealings;
DROP TABLE rekey_runs;
DROP TABLE rekeys;
ALTER TABLE owner_keys DROP COLUMN seals;
ALTER TABLE owner_keys DROP COLUMN tags;

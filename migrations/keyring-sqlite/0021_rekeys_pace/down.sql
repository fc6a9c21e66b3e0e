ALTER TABLE rekey_runs DROP COLUMN pace;
ALTER TABLE rekeys DROP COLUMN worked_ms;
ALTER TABLE rekeys DROP COLUMN values_all;
ALTER TABLE rekeys DROP COLUMN values_done;
ALTER TABLE rekeys DROP COLUMN pace;

-- While a key turns over: how many values a second are sealed anew at most, whoever goes on with it (nothing: as they do by
-- themselves); and how far the values are, counted over all who worked on them: so many, of so many, in so many milliseconds.
ALTER TABLE rekeys ADD COLUMN pace BIGINT;
ALTER TABLE rekeys ADD COLUMN values_done BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rekeys ADD COLUMN values_all BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rekeys ADD COLUMN worked_ms BIGINT NOT NULL DEFAULT 0;
-- The pace of those whom a run comes to.
ALTER TABLE rekey_runs ADD COLUMN pace BIGINT;

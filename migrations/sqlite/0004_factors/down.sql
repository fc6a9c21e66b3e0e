ALTER TABLE sessions DROP COLUMN recovered_at;
ALTER TABLE sessions DROP COLUMN strong_at;
DROP TABLE factors;

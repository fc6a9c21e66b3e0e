ALTER TABLE instance DROP COLUMN epoch;

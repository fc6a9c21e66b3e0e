DROP TABLE certificates;
DROP TABLE backup_drills;
ALTER TABLE instance DROP COLUMN epoch;

ALTER TABLE instance DROP COLUMN planned;
ALTER TABLE instance DROP COLUMN reached;

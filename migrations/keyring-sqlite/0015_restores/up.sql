-- The epoch that the data's database has reached at least, and the one that it may have reached: outside of these, one of
-- the two was put back from a copy.
ALTER TABLE instance ADD COLUMN reached BIGINT NOT NULL DEFAULT 0;
ALTER TABLE instance ADD COLUMN planned BIGINT NOT NULL DEFAULT 0;

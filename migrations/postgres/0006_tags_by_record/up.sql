-- A record's tags are asked for by equality alone. An index with an order would tempt the planner, while it has no
-- statistics yet, to walk all tags of a tenant backwards in search of one value.
DROP INDEX record_tags_record;
CREATE INDEX record_tags_record ON record_tags USING hash (record_id);

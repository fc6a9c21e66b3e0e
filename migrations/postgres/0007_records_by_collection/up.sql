-- A record is always asked for within its collection, by its id or in the order of ids: one key serves both, so that
-- each record made extends one index less, and no planner has a choice to get wrong.
DROP INDEX records_listed;
ALTER TABLE records DROP CONSTRAINT records_pkey;
ALTER TABLE records ADD PRIMARY KEY (tenant_id, collection_id, id);

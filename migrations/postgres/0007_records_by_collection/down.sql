ALTER TABLE records DROP CONSTRAINT records_pkey;
ALTER TABLE records ADD PRIMARY KEY (tenant_id, id);
CREATE INDEX records_listed ON records (tenant_id, collection_id, id) WHERE trashed_at IS NULL;

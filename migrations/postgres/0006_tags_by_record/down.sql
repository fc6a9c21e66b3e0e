DROP INDEX record_tags_record;
CREATE INDEX record_tags_record ON record_tags (tenant_id, record_id);

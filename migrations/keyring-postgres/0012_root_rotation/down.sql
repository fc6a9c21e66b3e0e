DROP INDEX owner_keys_root;
CREATE INDEX owner_keys_root ON owner_keys (root_version);
DROP TABLE key_changes;
DROP TABLE root_events;
ALTER TABLE roots DROP COLUMN handle;
ALTER TABLE roots DROP COLUMN state;

ALTER TABLE key_versions DROP COLUMN tags_whole;

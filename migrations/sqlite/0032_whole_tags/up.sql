-- Under which versions of an owner's key every tag stands: a restore brings the tags and this back together.
ALTER TABLE key_versions ADD COLUMN tags_whole BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE key_versions SET tags_whole = TRUE WHERE state IN (1, 2) AND NOT EXISTS (
    SELECT 1 FROM key_versions AS earlier
    WHERE earlier.owner_kind = key_versions.owner_kind AND earlier.owner_id = key_versions.owner_id
      AND earlier.version < key_versions.version AND earlier.state IN (1, 2)
);

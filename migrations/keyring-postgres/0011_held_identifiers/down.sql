DROP INDEX identifiers_held;
ALTER TABLE identifiers DROP COLUMN held_until;

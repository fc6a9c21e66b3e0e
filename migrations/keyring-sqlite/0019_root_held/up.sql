-- While a root version takes over the others' keys: whether it waits for the word to go on, and how many owner keys a second
-- each process wraps anew at most. Nothing: as the service does by itself.
ALTER TABLE roots ADD COLUMN is_held BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE roots ADD COLUMN pace BIGINT;

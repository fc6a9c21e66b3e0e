-- What an account signed in by before a change: it signs in no more, and is nobody else's until then, so that the change
-- can be undone from it.
ALTER TABLE identifiers ADD COLUMN held_until BIGINT;
CREATE INDEX identifiers_held ON identifiers (held_until) WHERE held_until IS NOT NULL;

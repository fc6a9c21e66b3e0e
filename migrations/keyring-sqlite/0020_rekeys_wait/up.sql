-- While nobody works on a key that turns over: for what it waits, and until when that is over or looked at again. Nothing: it
-- goes on as soon as somebody comes to it.
ALTER TABLE rekeys ADD COLUMN waits_for SMALLINT;
ALTER TABLE rekeys ADD COLUMN waits_until BIGINT;

DROP TABLE sign_in_rules;
ALTER TABLE tokens DROP COLUMN showings;
ALTER TABLE sessions DROP COLUMN showings;

DROP TABLE daily_uses;
DROP TABLE role_limits;
ALTER TABLE tokens DROP COLUMN exports_a_day;
ALTER TABLE tokens DROP COLUMN deletes_a_day;
ALTER TABLE tokens DROP COLUMN reads_a_day;
DROP TABLE known_places;
ALTER TABLE accounts DROP COLUMN addresses;
ALTER TABLE accounts DROP COLUMN addresses_version;

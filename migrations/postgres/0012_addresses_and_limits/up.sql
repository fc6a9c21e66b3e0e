-- From where an account may be used, sealed; nothing: from anywhere. It stands in the account's own row, so that the
-- statement that finds a session or a token brings it along.
ALTER TABLE accounts ADD COLUMN addresses_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN addresses BYTEA;

-- The networks from which an account was signed in to, as tags under the account's key: who comes from one of them is
-- not held up by what strangers do.
CREATE TABLE known_places (
    account_id UUID NOT NULL,
    tag BYTEA NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, tag)
);
CREATE INDEX known_places_age ON known_places (seen_at);

-- What a token may do in a day (K-9); nothing: as much as it likes.
ALTER TABLE tokens ADD COLUMN reads_a_day BIGINT;
ALTER TABLE tokens ADD COLUMN deletes_a_day BIGINT;
ALTER TABLE tokens ADD COLUMN exports_a_day BIGINT;

-- What a member with this role may do in a day (K-9), and a token on that member's behalf. Numbers alone, beside the
-- memberships: both are looked up before any tenant is known.
CREATE TABLE role_limits (
    role SMALLINT NOT NULL,
    tenant_id UUID NOT NULL,
    reads_a_day BIGINT,
    deletes_a_day BIGINT,
    exports_a_day BIGINT,
    PRIMARY KEY (role, tenant_id)
);

-- What was done of it on a day (counted from 1970), by a token or an account that has a limit.
CREATE TABLE daily_uses (
    tenant_id UUID NOT NULL,
    holder_kind SMALLINT NOT NULL,
    holder_id UUID NOT NULL,
    day BIGINT NOT NULL,
    reads BIGINT NOT NULL,
    deletes BIGINT NOT NULL,
    exports BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, holder_kind, holder_id, day)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON known_places, role_limits, daily_uses TO seif_rows;
ALTER TABLE daily_uses ENABLE ROW LEVEL SECURITY;
ALTER TABLE daily_uses FORCE ROW LEVEL SECURITY;
CREATE POLICY daily_uses_of_tenants ON daily_uses TO seif_rows
    USING (tenant_id = ANY (seif_tenants())) WITH CHECK (tenant_id = ANY (seif_tenants()));

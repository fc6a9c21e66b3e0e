-- By what a session was confirmed, and when: numbers of methods, times. A tenant may not accept all of them. Of a token:
-- what the session had just shown in which it was made.
ALTER TABLE sessions ADD COLUMN showings BLOB;
ALTER TABLE tokens ADD COLUMN showings BLOB;

-- What a tenant accepts of what its members confirm by; no row: everything. Numbers alone, beside the memberships: both
-- are looked up before any tenant is known.
CREATE TABLE sign_in_rules (
    least SMALLINT NOT NULL,
    tenant_id BLOB NOT NULL,
    forbidden BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    proof SMALLINT NOT NULL,
    PRIMARY KEY (least, tenant_id)
);
CREATE UNIQUE INDEX sign_in_rules_tenant ON sign_in_rules (tenant_id);

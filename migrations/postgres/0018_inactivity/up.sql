-- Of the tenants whose owner chose so: after how many months without use the tenant leaves. `since`: the count begins here at the
-- earliest; `used_on`: the last day of use, in days since the epoch; `warned`: how many warnings went out since, the cancellation
-- being the fourth, and when the last did. Numbers alone, beside the memberships: all are looked up before any tenant is known.
CREATE TABLE inactivity (
    after_months SMALLINT NOT NULL,
    tenant_id UUID NOT NULL,
    since BIGINT NOT NULL,
    used_on BIGINT NOT NULL,
    warned SMALLINT NOT NULL,
    warned_at BIGINT,
    PRIMARY KEY (after_months, tenant_id)
);
CREATE UNIQUE INDEX inactivity_tenant ON inactivity (tenant_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON inactivity TO seif_rows;

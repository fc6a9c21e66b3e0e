-- Who belonged to a tenant and does no longer: what they did there stays in its audit, and who they were is sealed there
-- under their own key, which turns over with them.
CREATE TABLE past_members (
    account_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    PRIMARY KEY (account_id, tenant_id)
);
CREATE INDEX past_members_tenant ON past_members (tenant_id, account_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON past_members TO seif_rows;

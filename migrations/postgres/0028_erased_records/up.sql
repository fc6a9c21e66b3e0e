-- Which records were erased here, as the keyring's ledger has them: written with the deletion of their rows, so that neither
-- database can be put back from a copy without the other's word of what is no more. Ids and times alone. Outside of row-level
-- security: a start compares all of them before any tenant is known.
CREATE TABLE erased_records (
    tenant_id UUID NOT NULL,
    record_id UUID NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (record_id, tenant_id)
);
CREATE INDEX erased_records_tenant ON erased_records (tenant_id);
CREATE INDEX erased_records_at ON erased_records (at);

GRANT SELECT, INSERT, UPDATE, DELETE ON erased_records TO seif_rows;

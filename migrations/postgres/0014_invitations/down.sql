DROP INDEX account_tenants_tenant;
DROP TABLE invitations;

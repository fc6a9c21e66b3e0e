DROP TABLE support_grant_collections;
DROP TABLE support_grants;

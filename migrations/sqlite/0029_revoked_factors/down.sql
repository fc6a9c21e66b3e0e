DROP TABLE revoked_factors;

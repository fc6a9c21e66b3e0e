DROP TABLE support_codes;
DROP TABLE subscriber_profiles;

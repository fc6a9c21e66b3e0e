DROP TABLE used_codes;

DROP TABLE log_copies;

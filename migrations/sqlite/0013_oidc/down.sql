DROP TABLE provider_logouts;
DROP TABLE provider_sessions;
DROP TABLE anonymous_sessions;

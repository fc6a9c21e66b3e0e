-- Questions to whichever passkey a device holds, before anybody is signed in: sealed under the key of their day, gone with
-- the first answer.
CREATE TABLE passkey_sign_ins (
    id BLOB NOT NULL PRIMARY KEY,
    day BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX passkey_sign_ins_expiry ON passkey_sign_ins (expires_at);

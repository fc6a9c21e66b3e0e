DROP TABLE passkey_sign_ins;

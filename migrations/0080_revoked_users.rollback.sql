ALTER TABLE users DROP COLUMN revoked_at;

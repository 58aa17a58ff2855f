-- A person whose access was taken back: kept for the log, without any way in.

ALTER TABLE users ADD COLUMN revoked_at timestamptz;

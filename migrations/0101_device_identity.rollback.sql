ALTER TABLE adapters DROP COLUMN identity;

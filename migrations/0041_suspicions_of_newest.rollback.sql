ALTER TABLE newest_values DROP COLUMN suspicion;

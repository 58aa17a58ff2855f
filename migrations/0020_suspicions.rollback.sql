ALTER TABLE zone_samples DROP COLUMN suspect;
ALTER TABLE load_samples DROP COLUMN suspect;
ALTER TABLE battery_bank_samples DROP COLUMN suspect;
ALTER TABLE energy_samples ALTER COLUMN suspect DROP DEFAULT;
ALTER TABLE energy_samples ALTER COLUMN suspect TYPE boolean USING suspect <> '{}'::jsonb;
ALTER TABLE energy_samples ALTER COLUMN suspect SET DEFAULT false;
COMMENT ON COLUMN energy_samples.suspect IS NULL;

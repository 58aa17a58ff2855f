-- Why single values of a sample are not to be trusted: metric → reason, instead of one flag for all.

ALTER TABLE energy_samples ALTER COLUMN suspect DROP DEFAULT;
ALTER TABLE energy_samples ALTER COLUMN suspect TYPE jsonb USING
    CASE WHEN suspect THEN jsonb_build_object(
        'pv_power_w', 'the powers did not balance',
        'load_power_w', 'the powers did not balance',
        'battery_power_w', 'the powers did not balance',
        'grid_power_w', 'the powers did not balance')
    ELSE '{}'::jsonb END;
ALTER TABLE energy_samples ALTER COLUMN suspect SET DEFAULT '{}'::jsonb;
ALTER TABLE battery_bank_samples ADD COLUMN suspect jsonb NOT NULL DEFAULT '{}'::jsonb;
ALTER TABLE load_samples ADD COLUMN suspect jsonb NOT NULL DEFAULT '{}'::jsonb;
ALTER TABLE zone_samples ADD COLUMN suspect jsonb NOT NULL DEFAULT '{}'::jsonb;
COMMENT ON COLUMN energy_samples.suspect IS
    'Metric to reason. A suspect value that is null was impossible and was not kept.';

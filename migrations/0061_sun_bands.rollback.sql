ALTER TABLE user_preferences
    ALTER COLUMN aggressive_start_band_pct SET DEFAULT 8,
    ALTER COLUMN aggressive_start_step_pct SET DEFAULT 6;
ALTER TABLE user_preferences
    DROP COLUMN sun_stop_soc_pct,
    DROP COLUMN sun_start_soc_pct;

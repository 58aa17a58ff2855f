UPDATE user_preferences
SET aggressive_stop_band_pct = -20, aggressive_start_band_pct = -8
WHERE aggressive_stop_band_pct = -26 AND aggressive_start_band_pct = -16;
ALTER TABLE user_preferences
    DROP CONSTRAINT preferences_sun_lending,
    ALTER COLUMN aggressive_stop_band_pct SET DEFAULT -20,
    ALTER COLUMN aggressive_start_band_pct SET DEFAULT -8,
    DROP COLUMN sun_start_step_pct,
    DROP COLUMN sun_lend_soc_pct,
    DROP COLUMN sun_delay_minutes;

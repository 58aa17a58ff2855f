-- Loads of the sun start one after the other as the battery fills, and from a state of charge on the battery lends them
-- their power through a cloud. Aggressive loads may use the dark day's reserve, never what tonight needs.

ALTER TABLE user_preferences
    ADD COLUMN sun_start_step_pct double precision NOT NULL DEFAULT 12,
    ADD COLUMN sun_lend_soc_pct double precision NOT NULL DEFAULT 50,
    ADD COLUMN sun_delay_minutes double precision NOT NULL DEFAULT 20;
-- A site whose owner moved the two levels keeps its order.
UPDATE user_preferences
SET sun_lend_soc_pct = least(greatest(sun_lend_soc_pct, sun_stop_soc_pct), sun_start_soc_pct);
ALTER TABLE user_preferences
    ADD CONSTRAINT preferences_sun_lending CHECK (
        sun_start_step_pct BETWEEN 0 AND 50 AND sun_delay_minutes BETWEEN 0 AND 60
        AND sun_lend_soc_pct BETWEEN 0 AND 100
        AND sun_stop_soc_pct <= sun_lend_soc_pct AND sun_lend_soc_pct <= sun_start_soc_pct),
    ALTER COLUMN aggressive_stop_band_pct SET DEFAULT -26,
    ALTER COLUMN aggressive_start_band_pct SET DEFAULT -16;
UPDATE user_preferences
SET aggressive_stop_band_pct = -26, aggressive_start_band_pct = -16
WHERE aggressive_stop_band_pct = -20 AND aggressive_start_band_pct = -8;

-- Below the first state of charge the sun charges the battery before it carries loads, above the second it may start
-- them. Aggressive loads may use part of the dark day's reserve: their bands reach below it.

ALTER TABLE user_preferences
    ADD COLUMN sun_stop_soc_pct double precision NOT NULL DEFAULT 40,
    ADD COLUMN sun_start_soc_pct double precision NOT NULL DEFAULT 60,
    ADD CONSTRAINT preferences_sun_bands CHECK (
        sun_stop_soc_pct BETWEEN 0 AND 100 AND sun_start_soc_pct BETWEEN 0 AND 100
        AND sun_stop_soc_pct <= sun_start_soc_pct),
    ALTER COLUMN aggressive_stop_band_pct SET DEFAULT -20,
    ALTER COLUMN aggressive_start_band_pct SET DEFAULT -8,
    ALTER COLUMN aggressive_start_step_pct SET DEFAULT 8,
    DROP CONSTRAINT preferences_bands,
    ADD CONSTRAINT preferences_bands CHECK (
        balanced_stop_band_pct BETWEEN 0 AND 50 AND balanced_stop_step_pct BETWEEN 0 AND 50
        AND balanced_start_band_pct BETWEEN 0 AND 90 AND balanced_start_step_pct BETWEEN 0 AND 50
        AND aggressive_stop_band_pct BETWEEN -50 AND 50 AND aggressive_stop_step_pct BETWEEN 0 AND 50
        AND aggressive_start_band_pct BETWEEN -50 AND 90
        AND aggressive_start_step_pct BETWEEN 0 AND 50);
UPDATE user_preferences
SET aggressive_stop_band_pct = -20, aggressive_start_band_pct = -8, aggressive_start_step_pct = 8
WHERE aggressive_stop_band_pct = 2 AND aggressive_start_band_pct = 8 AND aggressive_start_step_pct = 6;

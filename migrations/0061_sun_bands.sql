-- Below the first state of charge the sun charges the battery before it carries loads, above the second it may start them.

ALTER TABLE user_preferences
    ADD COLUMN sun_stop_soc_pct double precision NOT NULL DEFAULT 40,
    ADD COLUMN sun_start_soc_pct double precision NOT NULL DEFAULT 60,
    ADD CONSTRAINT preferences_sun_bands CHECK (
        sun_stop_soc_pct BETWEEN 0 AND 100 AND sun_start_soc_pct BETWEEN 0 AND 100
        AND sun_stop_soc_pct <= sun_start_soc_pct);
ALTER TABLE user_preferences
    ALTER COLUMN aggressive_start_band_pct SET DEFAULT 14,
    ALTER COLUMN aggressive_start_step_pct SET DEFAULT 8;
UPDATE user_preferences SET aggressive_start_band_pct = 14, aggressive_start_step_pct = 8
WHERE aggressive_start_band_pct = 8 AND aggressive_start_step_pct = 6;

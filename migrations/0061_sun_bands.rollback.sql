UPDATE user_preferences
SET aggressive_stop_band_pct = 2, aggressive_start_band_pct = 8, aggressive_start_step_pct = 6
WHERE aggressive_stop_band_pct < 0 OR aggressive_start_band_pct < 0;
ALTER TABLE user_preferences
    DROP CONSTRAINT preferences_bands,
    ADD CONSTRAINT preferences_bands CHECK (
        balanced_stop_band_pct BETWEEN 0 AND 50 AND balanced_stop_step_pct BETWEEN 0 AND 50
        AND balanced_start_band_pct BETWEEN 0 AND 90 AND balanced_start_step_pct BETWEEN 0 AND 50
        AND aggressive_stop_band_pct BETWEEN 0 AND 50 AND aggressive_stop_step_pct BETWEEN 0 AND 50
        AND aggressive_start_band_pct BETWEEN 0 AND 90
        AND aggressive_start_step_pct BETWEEN 0 AND 50),
    ALTER COLUMN aggressive_stop_band_pct SET DEFAULT 2,
    ALTER COLUMN aggressive_start_band_pct SET DEFAULT 8,
    ALTER COLUMN aggressive_start_step_pct SET DEFAULT 6,
    DROP COLUMN sun_stop_soc_pct,
    DROP COLUMN sun_start_soc_pct;

-- The reserve's settings: what tonight and a dark day keep, each load's band above it, the budget's delay.

ALTER TABLE user_preferences
    ADD COLUMN budget_delay_minutes double precision NOT NULL DEFAULT 10,
    ADD COLUMN night_margin double precision NOT NULL DEFAULT 1.15,
    ADD COLUMN sun_to_come_trust double precision NOT NULL DEFAULT 0.7,
    ADD COLUMN unknown_night_hours double precision NOT NULL DEFAULT 14,
    ADD COLUMN assumed_base_load_w double precision NOT NULL DEFAULT 1000,
    ADD COLUMN dark_day_reserve_wh double precision,
    ADD COLUMN reserve_ceiling_pct double precision NOT NULL DEFAULT 97,
    ADD COLUMN balanced_stop_band_pct double precision NOT NULL DEFAULT 4,
    ADD COLUMN balanced_stop_step_pct double precision NOT NULL DEFAULT 6,
    ADD COLUMN balanced_start_band_pct double precision NOT NULL DEFAULT 16,
    ADD COLUMN balanced_start_step_pct double precision NOT NULL DEFAULT 10,
    ADD COLUMN aggressive_stop_band_pct double precision NOT NULL DEFAULT 2,
    ADD COLUMN aggressive_stop_step_pct double precision NOT NULL DEFAULT 4,
    ADD COLUMN aggressive_start_band_pct double precision NOT NULL DEFAULT 8,
    ADD COLUMN aggressive_start_step_pct double precision NOT NULL DEFAULT 6,
    ADD CONSTRAINT preferences_budget_delay CHECK (budget_delay_minutes BETWEEN 0 AND 60),
    ADD CONSTRAINT preferences_night CHECK (
        night_margin BETWEEN 1 AND 2 AND sun_to_come_trust BETWEEN 0 AND 1
        AND unknown_night_hours BETWEEN 0 AND 24
        AND assumed_base_load_w >= 0 AND assumed_base_load_w < 'Infinity'),
    ADD CONSTRAINT preferences_dark_day CHECK (
        dark_day_reserve_wh BETWEEN 0 AND battery_capacity_wh),
    ADD CONSTRAINT preferences_reserve_ceiling CHECK (reserve_ceiling_pct BETWEEN 50 AND 100),
    ADD CONSTRAINT preferences_bands CHECK (
        balanced_stop_band_pct BETWEEN 0 AND 50 AND balanced_stop_step_pct BETWEEN 0 AND 50
        AND balanced_start_band_pct BETWEEN 0 AND 90 AND balanced_start_step_pct BETWEEN 0 AND 50
        AND aggressive_stop_band_pct BETWEEN 0 AND 50 AND aggressive_stop_step_pct BETWEEN 0 AND 50
        AND aggressive_start_band_pct BETWEEN 0 AND 90
        AND aggressive_start_step_pct BETWEEN 0 AND 50),
    ADD CONSTRAINT preferences_band_order CHECK (
        balanced_stop_band_pct < balanced_start_band_pct
        AND balanced_stop_step_pct <= balanced_start_step_pct
        AND aggressive_stop_band_pct < aggressive_start_band_pct
        AND aggressive_stop_step_pct <= aggressive_start_step_pct);
COMMENT ON COLUMN user_preferences.dark_day_reserve_wh IS 'Null is 27 % of the capacity.';

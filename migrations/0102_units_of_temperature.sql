-- Temperatures may follow the system of units: °C metric, °F imperial. What was chosen stays chosen.

ALTER TABLE user_preferences DROP CONSTRAINT preferences_temperature_unit;
ALTER TABLE user_preferences ADD CONSTRAINT preferences_temperature_unit
    CHECK (temperature_unit IN ('auto', 'c', 'f'));
ALTER TABLE user_preferences ALTER COLUMN temperature_unit SET DEFAULT 'auto';

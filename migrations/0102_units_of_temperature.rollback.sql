UPDATE user_preferences
SET temperature_unit = CASE units WHEN 'imperial' THEN 'f' ELSE 'c' END
WHERE temperature_unit = 'auto';
ALTER TABLE user_preferences ALTER COLUMN temperature_unit SET DEFAULT 'c';
ALTER TABLE user_preferences DROP CONSTRAINT preferences_temperature_unit;
ALTER TABLE user_preferences ADD CONSTRAINT preferences_temperature_unit
    CHECK (temperature_unit IN ('c', 'f'));

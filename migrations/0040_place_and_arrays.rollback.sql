DROP TRIGGER systems_place ON systems;
DROP FUNCTION place_to_preferences();
DROP TRIGGER user_preferences_place ON user_preferences;
DROP FUNCTION place_to_system();
ALTER TABLE systems DROP COLUMN pv_arrays;

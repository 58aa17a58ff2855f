-- The arrays of a site, and one place for its sky: the system's and its owner's settings agree.
ALTER TABLE systems ADD COLUMN pv_arrays jsonb NOT NULL DEFAULT '[]'
    CHECK (jsonb_typeof(pv_arrays) = 'array');
COMMENT ON COLUMN systems.pv_arrays IS
    'Objects of peak_w, tilt_deg, azimuth_deg, inverter_limit_w; several sum. None: no sky model.';
UPDATE systems SET pv_arrays =
    '[{"peak_w": 14600, "tilt_deg": 25, "azimuth_deg": 180, "inverter_limit_w": 15000}]'
WHERE simulated;

CREATE FUNCTION place_to_system() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE systems
    SET timezone = NEW.timezone, latitude = NEW.latitude, longitude = NEW.longitude
    WHERE id = NEW.system_id AND owner_id = NEW.user_id
        AND (timezone, latitude, longitude)
            IS DISTINCT FROM (NEW.timezone, NEW.latitude, NEW.longitude);
    RETURN NULL;
END $$;
CREATE TRIGGER user_preferences_place AFTER INSERT OR UPDATE OF timezone, latitude, longitude
    ON user_preferences FOR EACH ROW EXECUTE FUNCTION place_to_system();

CREATE FUNCTION place_to_preferences() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE user_preferences
    SET timezone = NEW.timezone, latitude = NEW.latitude, longitude = NEW.longitude
    WHERE system_id = NEW.id
        AND (timezone, latitude, longitude)
            IS DISTINCT FROM (NEW.timezone, NEW.latitude, NEW.longitude);
    RETURN NULL;
END $$;
CREATE TRIGGER systems_place AFTER UPDATE OF timezone, latitude, longitude
    ON systems FOR EACH ROW EXECUTE FUNCTION place_to_preferences();

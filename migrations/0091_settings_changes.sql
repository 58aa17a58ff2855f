-- Every process keeps what is configured of a site in memory and forgets it when told of a change.

CREATE FUNCTION tell_settings_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('commandcenter_settings', to_jsonb(OLD) ->> TG_ARGV[0]);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('commandcenter_settings', to_jsonb(NEW) ->> TG_ARGV[0]);
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION tell_settings_changed IS
    'Notifies the id of the site; the argument names the column that holds it.';

CREATE TRIGGER systems_changed AFTER INSERT OR UPDATE OR DELETE ON systems
    FOR EACH ROW EXECUTE FUNCTION tell_settings_changed('id');
CREATE TRIGGER user_preferences_changed AFTER INSERT OR UPDATE OR DELETE ON user_preferences
    FOR EACH ROW EXECUTE FUNCTION tell_settings_changed('system_id');
CREATE TRIGGER miner_profiles_changed AFTER INSERT OR UPDATE OR DELETE ON miner_profiles
    FOR EACH ROW EXECUTE FUNCTION tell_settings_changed('system_id');
CREATE TRIGGER hvac_zones_changed AFTER INSERT OR UPDATE OR DELETE ON hvac_zones
    FOR EACH ROW EXECUTE FUNCTION tell_settings_changed('system_id');
CREATE TRIGGER adapters_changed AFTER INSERT OR UPDATE OR DELETE ON adapters
    FOR EACH ROW EXECUTE FUNCTION tell_settings_changed('system_id');
CREATE TRIGGER controlled_loads_changed AFTER INSERT OR UPDATE OR DELETE ON controlled_loads
    FOR EACH ROW EXECUTE FUNCTION tell_settings_changed('system_id');
CREATE TRIGGER inverters_changed AFTER INSERT OR UPDATE OR DELETE ON inverters
    FOR EACH ROW EXECUTE FUNCTION tell_settings_changed('system_id');
CREATE TRIGGER battery_packs_changed AFTER INSERT OR UPDATE OR DELETE ON battery_packs
    FOR EACH ROW EXECUTE FUNCTION tell_settings_changed('system_id');

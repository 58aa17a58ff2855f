DROP TABLE audit_log, miner_profiles, hvac_zones, user_preferences;
DROP FUNCTION is_voltage_curve(jsonb);
DROP FUNCTION next_version();

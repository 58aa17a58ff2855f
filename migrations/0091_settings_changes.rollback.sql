DROP FUNCTION tell_settings_changed CASCADE;

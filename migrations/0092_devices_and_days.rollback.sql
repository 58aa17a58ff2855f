DROP FUNCTION attach_day;
DROP VIEW metered_devices;

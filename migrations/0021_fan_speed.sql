-- The speed of a fan, where the device that drives it can set one.

ALTER TABLE load_samples ADD COLUMN speed integer;
COMMENT ON COLUMN load_samples.speed IS 'Tenths of the range; null where no speed can be set.';

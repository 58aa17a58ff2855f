-- Which device first answered at an adapter's address: another one there is refused, after a restart too.

ALTER TABLE adapters ADD COLUMN identity text;
COMMENT ON COLUMN adapters.identity IS 'A MAC, for Shelly; null until the device has told it.';

-- The speed that a fan had before a command: a rollback restores it, too.

ALTER TABLE actions ADD COLUMN previous_speed integer CHECK (previous_speed BETWEEN 0 AND 10);
COMMENT ON COLUMN actions.previous_speed IS 'Tenths of the range; null where no speed can be set.';

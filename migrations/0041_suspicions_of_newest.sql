-- Why a newer value of a metric is not believed: it never becomes the newest one.
ALTER TABLE newest_values ADD COLUMN suspicion text NOT NULL DEFAULT '';
COMMENT ON COLUMN newest_values.suspicion IS
    'Reason of a suspect sample that came after this value; empty without one.';

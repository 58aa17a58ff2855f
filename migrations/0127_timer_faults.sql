-- Switches that do not keep the dead-man timer asked of them, for health and alerts of every process.

CREATE TABLE timer_faults (
    load_id uuid PRIMARY KEY REFERENCES controlled_loads ON DELETE CASCADE,
    since timestamptz NOT NULL,
    asked_s double precision NOT NULL,
    reported_s double precision
);
COMMENT ON COLUMN timer_faults.reported_s IS 'What the switch said was left; null where no timer ran.';

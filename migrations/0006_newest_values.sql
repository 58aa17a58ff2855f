-- The newest known value per device and metric, kept beside the samples: every cycle and every open
-- page asks for it, and to find it among partitions costs more than all else of a cycle.

CREATE TABLE newest_values (
    device_id uuid NOT NULL,
    metric text NOT NULL,
    value double precision NOT NULL,
    measured_at timestamptz NOT NULL,
    unchanged_since timestamptz NOT NULL,
    changed boolean NOT NULL,
    PRIMARY KEY (device_id, metric)
);
COMMENT ON COLUMN newest_values.unchanged_since IS 'Start of the run of equal values.';
COMMENT ON COLUMN newest_values.changed IS 'Whether another value was ever seen before this run.';

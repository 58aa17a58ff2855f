-- How many control cycles ran and how many were missed, per site and hour of site time.

CREATE TABLE cycle_counts (
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    hour_at timestamptz NOT NULL,
    last_started_at timestamptz NOT NULL,
    runs integer NOT NULL,
    missed integer NOT NULL,
    skipped integer NOT NULL,
    PRIMARY KEY (system_id, hour_at)
);
COMMENT ON COLUMN cycle_counts.missed IS 'Cycles that were due since the one before and did not run.';
COMMENT ON COLUMN cycle_counts.skipped IS 'Those of short gaps: the program ran and was too slow.';

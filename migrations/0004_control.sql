-- What the loop remembers and decides, what was done about it, and the emergency stop.

CREATE TABLE site_memory (
    system_id uuid PRIMARY KEY REFERENCES systems ON DELETE CASCADE,
    document jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE decisions (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    at timestamptz NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    document text NOT NULL,
    version text NOT NULL,
    previous_hash text NOT NULL,
    hash text NOT NULL,
    UNIQUE (system_id, at)
);
COMMENT ON COLUMN decisions.document IS 'Canonical JSON, as it was hashed.';

CREATE TABLE actions (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    load_id uuid NOT NULL,
    target_on boolean NOT NULL,
    target_speed integer CHECK (target_speed BETWEEN 0 AND 10),
    actor text NOT NULL CHECK (actor IN ('owner', 'safety', 'rule', 'allocator', 'agent')),
    requested_by text NOT NULL,
    reason text NOT NULL,
    explanation text NOT NULL,
    status text NOT NULL CHECK (status IN ('proposed', 'pending', 'approved', 'executing',
        'verifying', 'done', 'rolled_back', 'failed', 'blocked', 'expired', 'rejected')),
    urgent boolean NOT NULL DEFAULT false,
    idempotency_key text UNIQUE,
    decision_id uuid REFERENCES decisions ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    executed_at timestamptz,
    finished_at timestamptz,
    previous_on boolean,
    tries integer NOT NULL DEFAULT 0,
    measured_w double precision,
    result text,
    FOREIGN KEY (load_id, system_id) REFERENCES controlled_loads (id, system_id)
);
CREATE INDEX actions_by_time ON actions (system_id, created_at DESC);
CREATE INDEX actions_by_load ON actions (load_id, executed_at DESC);
CREATE INDEX actions_open ON actions (system_id, status)
    WHERE status IN ('proposed', 'pending', 'approved', 'executing', 'verifying');

CREATE TABLE action_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    action_id uuid NOT NULL REFERENCES actions ON DELETE CASCADE,
    at timestamptz NOT NULL,
    status text NOT NULL,
    actor text NOT NULL,
    detail text NOT NULL
);
CREATE INDEX action_events_by_action ON action_events (action_id, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND pg_trigger_depth() > 1 THEN
        RETURN OLD; -- the whole system goes
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER action_events_append_only BEFORE UPDATE OR DELETE ON action_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE ON decisions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE emergency_stops (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    latched boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    reason text NOT NULL
);
CREATE INDEX emergency_stops_latest ON emergency_stops (system_id, id DESC);

CREATE TABLE job_runs (
    job text NOT NULL,
    system_id uuid REFERENCES systems ON DELETE CASCADE,
    last_run_at timestamptz NOT NULL,
    last_ok_at timestamptz,
    last_error text,
    ms double precision NOT NULL,
    UNIQUE NULLS NOT DISTINCT (job, system_id)
);

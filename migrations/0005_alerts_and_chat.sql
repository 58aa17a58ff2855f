-- Alerts with their outbox; conversations with their runs.

CREATE TABLE alerts (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    key text NOT NULL,
    category text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('critical', 'warning', 'info')),
    title text NOT NULL,
    detail text NOT NULL,
    advice text NOT NULL,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    cleared_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    snoozed_until timestamptz
);
CREATE UNIQUE INDEX alerts_one_identity ON alerts (system_id, key) WHERE cleared_at IS NULL;
CREATE INDEX alerts_by_time ON alerts (system_id, opened_at DESC);

CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    alert_id uuid REFERENCES alerts ON DELETE SET NULL,
    dedupe_key text NOT NULL UNIQUE,
    target text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    next_try_at timestamptz NOT NULL,
    claimed_until timestamptz,
    tries integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    failed_at timestamptz,
    last_error text
);
COMMENT ON COLUMN notifications.target IS 'Encrypted with the installation''s key.';
CREATE TABLE delivery_tries (
    notification_id uuid NOT NULL REFERENCES notifications ON DELETE CASCADE,
    number integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    error text,
    PRIMARY KEY (notification_id, number)
);
CREATE INDEX notifications_due ON notifications (next_try_at)
    WHERE sent_at IS NULL AND failed_at IS NULL;

CREATE TABLE conversations (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    title text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX conversations_by_user ON conversations (user_id, updated_at DESC);

CREATE TABLE runs (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    message_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    question text NOT NULL,
    agent text,
    status text NOT NULL CHECK (status IN ('running', 'stopping', 'done', 'stopped', 'failed')),
    created_at timestamptz NOT NULL,
    finished_at timestamptz
);

CREATE TABLE messages (
    id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('user', 'assistant')),
    content text NOT NULL,
    created_at timestamptz NOT NULL,
    agent text,
    run_id uuid REFERENCES runs ON DELETE SET NULL,
    status text NOT NULL,
    meta jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX messages_by_conversation ON messages (conversation_id, position);

CREATE TABLE agent_events (
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    seq integer NOT NULL,
    event text NOT NULL,
    data jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (run_id, seq)
);

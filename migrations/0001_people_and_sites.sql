-- People, sessions, tokens; the hierarchy of a site with its keys from the start.

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL CHECK (email LIKE '%_@_%'),
    role text NOT NULL CHECK (role IN ('admin', 'user', 'viewer')),
    password_hash text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    last_login_at timestamptz
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE login_links (
    link_hash text PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE sessions (
    session_hash text PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);

CREATE TABLE api_tokens (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    scope text NOT NULL CHECK (scope IN ('read', 'control', 'admin')),
    token_hash text NOT NULL UNIQUE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz
);

CREATE TABLE systems (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    owner_id uuid NOT NULL REFERENCES users,
    timezone text NOT NULL,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    simulated boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER systems_touch BEFORE UPDATE ON systems
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE arrays (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    name text NOT NULL,
    UNIQUE (id, system_id)
);

CREATE TABLE battery_arrays (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    name text NOT NULL,
    UNIQUE (id, system_id)
);

CREATE TABLE battery_array_attachments (
    battery_array_id uuid NOT NULL REFERENCES battery_arrays ON DELETE CASCADE,
    inverter_array_id uuid NOT NULL REFERENCES arrays ON DELETE CASCADE,
    attached_from timestamptz NOT NULL DEFAULT now(),
    attached_to timestamptz CHECK (attached_to > attached_from),
    PRIMARY KEY (battery_array_id, inverter_array_id, attached_from)
);

CREATE TABLE adapter_base (
    adapter_type text PRIMARY KEY,
    title text NOT NULL,
    settings_schema jsonb NOT NULL
);
INSERT INTO adapter_base (adapter_type, title, settings_schema) VALUES
    ('solark_cloud', 'SolArk cloud',
     '{"type": "object", "required": ["base_url", "plant_id", "device_id"]}'),
    ('victron_vrm', 'Victron VRM',
     '{"type": "object", "required": ["base_url", "site_id", "device_id"]}'),
    ('shelly_rpc', 'Shelly relay (local RPC)',
     '{"type": "object", "required": ["base_url", "load_id"]}');

CREATE TABLE adapters (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    adapter_type text NOT NULL REFERENCES adapter_base,
    name text NOT NULL,
    settings jsonb NOT NULL DEFAULT '{}',
    secrets text NOT NULL DEFAULT '',
    poll_interval_s double precision NOT NULL CHECK (poll_interval_s >= 1),
    link text NOT NULL CHECK (link IN ('cloud', 'local')),
    enabled boolean NOT NULL DEFAULT true,
    UNIQUE (system_id, name),
    UNIQUE (id, system_id)
);
COMMENT ON COLUMN adapters.secrets IS 'Encrypted with the installation''s key.';

CREATE TABLE inverters (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    array_id uuid NOT NULL,
    adapter_id uuid,
    name text NOT NULL,
    external_id text NOT NULL,
    FOREIGN KEY (adapter_id, system_id)
        REFERENCES adapters (id, system_id) ON DELETE SET NULL (adapter_id),
    FOREIGN KEY (array_id, system_id) REFERENCES arrays (id, system_id) ON DELETE CASCADE
);

CREATE TABLE battery_packs (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    battery_array_id uuid NOT NULL,
    adapter_id uuid,
    name text NOT NULL,
    external_id text NOT NULL,
    FOREIGN KEY (adapter_id, system_id)
        REFERENCES adapters (id, system_id) ON DELETE SET NULL (adapter_id),
    FOREIGN KEY (battery_array_id, system_id)
        REFERENCES battery_arrays (id, system_id) ON DELETE CASCADE
);

CREATE TABLE battery_pack_adapters (
    battery_pack_id uuid NOT NULL REFERENCES battery_packs ON DELETE CASCADE,
    adapter_id uuid NOT NULL REFERENCES adapters ON DELETE CASCADE,
    priority integer NOT NULL DEFAULT 1 CHECK (priority >= 1),
    PRIMARY KEY (battery_pack_id, adapter_id)
);

CREATE TABLE batteries (
    id uuid PRIMARY KEY,
    battery_pack_id uuid NOT NULL REFERENCES battery_packs ON DELETE CASCADE,
    position integer NOT NULL CHECK (position >= 1),
    UNIQUE (battery_pack_id, position)
);

CREATE TABLE battery_cells (
    id uuid PRIMARY KEY,
    battery_id uuid NOT NULL REFERENCES batteries ON DELETE CASCADE,
    position integer NOT NULL CHECK (position >= 1),
    UNIQUE (battery_id, position)
);

CREATE TABLE meters (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    array_id uuid,
    adapter_id uuid,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('grid', 'load')),
    external_id text NOT NULL,
    FOREIGN KEY (adapter_id, system_id)
        REFERENCES adapters (id, system_id) ON DELETE SET NULL (adapter_id),
    FOREIGN KEY (array_id, system_id)
        REFERENCES arrays (id, system_id) ON DELETE SET NULL (array_id)
);

CREATE TABLE controlled_loads (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    adapter_id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('miner', 'heater', 'fan')),
    channel integer NOT NULL DEFAULT 0 CHECK (channel >= 0),
    rated_w double precision NOT NULL DEFAULT 0 CHECK (rated_w >= 0),
    has_meter boolean NOT NULL DEFAULT true,
    has_timer boolean NOT NULL DEFAULT true,
    UNIQUE (system_id, name),
    UNIQUE (id, system_id),
    FOREIGN KEY (adapter_id, system_id) REFERENCES adapters (id, system_id)
);
COMMENT ON TABLE controlled_loads IS
    'Keys with the system in them keep one owner''s settings off another''s switches.';

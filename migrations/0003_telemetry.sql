-- Append-only samples, partitioned by day, and what is rolled up of them.

CREATE TABLE energy_samples (
    device_id uuid NOT NULL REFERENCES inverters ON DELETE CASCADE,
    at timestamptz NOT NULL,
    pv_power_w double precision,
    load_power_w double precision,
    battery_power_w double precision,
    grid_power_w double precision,
    battery_voltage_v double precision,
    soc_pct double precision,
    temperature_c double precision,
    suspect boolean NOT NULL DEFAULT false,
    PRIMARY KEY (device_id, at)
) PARTITION BY RANGE (at);
COMMENT ON TABLE energy_samples IS 'Per inverter. Battery + charging, grid + import.';

CREATE TABLE battery_bank_samples (
    device_id uuid NOT NULL REFERENCES battery_packs ON DELETE CASCADE,
    at timestamptz NOT NULL,
    voltage_v double precision,
    current_a double precision,
    power_w double precision,
    soc_pct double precision,
    temperature_c double precision,
    state text,
    PRIMARY KEY (device_id, at)
) PARTITION BY RANGE (at);

CREATE TABLE load_samples (
    device_id uuid NOT NULL REFERENCES controlled_loads ON DELETE CASCADE,
    at timestamptz NOT NULL,
    is_on boolean,
    power_w double precision,
    energy_wh double precision,
    temperature_c double precision,
    PRIMARY KEY (device_id, at)
) PARTITION BY RANGE (at);

CREATE TABLE zone_samples (
    device_id uuid NOT NULL REFERENCES hvac_zones ON DELETE CASCADE,
    at timestamptz NOT NULL,
    temperature_c double precision,
    PRIMARY KEY (device_id, at)
) PARTITION BY RANGE (at);

-- Every sample finds a place: days are made ahead, a stray time goes to the default partition.
CREATE TABLE energy_samples_default PARTITION OF energy_samples DEFAULT;
CREATE TABLE battery_bank_samples_default PARTITION OF battery_bank_samples DEFAULT;
CREATE TABLE load_samples_default PARTITION OF load_samples DEFAULT;
CREATE TABLE zone_samples_default PARTITION OF zone_samples DEFAULT;

CREATE TABLE system_hourly_energy (
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    start_at timestamptz NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (system_id, start_at)
);

CREATE TABLE battery_bank_hourly (
    device_id uuid NOT NULL REFERENCES battery_packs ON DELETE CASCADE,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    start_at timestamptz NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (device_id, start_at)
);

CREATE TABLE system_daily_summary (
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    start_at timestamptz NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (system_id, start_at)
);

CREATE TABLE polls (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    adapter_id uuid NOT NULL REFERENCES adapters ON DELETE CASCADE,
    at timestamptz NOT NULL,
    ms double precision NOT NULL,
    error text
);
CREATE INDEX polls_by_adapter ON polls (adapter_id, at DESC);

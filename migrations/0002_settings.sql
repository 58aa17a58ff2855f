-- What owners set: preferences per user and system, miner profiles, HVAC zones, and who changed what.
-- The orderings are checked here too; energy/preference_rules.py says them in words first.

CREATE FUNCTION next_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
    RETURN NEW;
END $$;

CREATE TABLE user_preferences (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    voltage_at_0_percent numeric NOT NULL DEFAULT 45,
    voltage_at_100_percent numeric NOT NULL DEFAULT 56,
    voltage_curve jsonb DEFAULT '[[45.0, 0.0], [47.0, 15.0], [50.0, 40.0], [52.0, 60.0], [54.5, 80.0], [56.0, 100.0]]',
    battery_chemistry text NOT NULL DEFAULT 'LiFePO4',
    battery_nominal_v numeric NOT NULL DEFAULT 51.2,
    battery_absolute_min numeric NOT NULL DEFAULT 43,
    battery_absolute_max numeric NOT NULL DEFAULT 58.8,
    battery_capacity_wh double precision NOT NULL DEFAULT 48000,
    voltage_shutdown numeric NOT NULL DEFAULT 44,
    voltage_critical_low numeric NOT NULL DEFAULT 45,
    voltage_low numeric NOT NULL DEFAULT 47,
    voltage_restart numeric NOT NULL DEFAULT 50,
    voltage_optimal_min numeric NOT NULL DEFAULT 50,
    voltage_optimal_max numeric NOT NULL DEFAULT 54.5,
    voltage_float numeric NOT NULL DEFAULT 55,
    voltage_absorption numeric NOT NULL DEFAULT 57.6,
    voltage_full numeric NOT NULL DEFAULT 58,
    user_prefers_soc_display boolean NOT NULL DEFAULT false,
    units text NOT NULL DEFAULT 'metric',
    temperature_unit text NOT NULL DEFAULT 'c',
    power_unit text NOT NULL DEFAULT 'w',
    timezone text NOT NULL DEFAULT 'America/Los_Angeles',
    latitude double precision NOT NULL DEFAULT 37.3382,
    longitude double precision NOT NULL DEFAULT -121.8863,
    operating_mode text NOT NULL DEFAULT 'balanced'
        CHECK (operating_mode IN ('conservative', 'balanced', 'aggressive')),
    grid_import_allowed boolean NOT NULL DEFAULT false,
    max_grid_import_w double precision NOT NULL DEFAULT 0,
    battery_discharge_allowance_w double precision NOT NULL DEFAULT 5000,
    max_battery_discharge_w double precision NOT NULL DEFAULT 12000,
    night_reserve_enabled boolean NOT NULL DEFAULT true,
    budget_tolerance_w double precision NOT NULL DEFAULT 200,
    max_starts_per_cycle integer NOT NULL DEFAULT 1,
    soc_critical_pct double precision NOT NULL DEFAULT 20,
    soc_minimum_pct double precision NOT NULL DEFAULT 30,
    soc_warning_pct double precision NOT NULL DEFAULT 40,
    soc_pause_miners_pct double precision NOT NULL DEFAULT 50,
    soc_resume_miners_pct double precision NOT NULL DEFAULT 80,
    soc_target_pct double precision NOT NULL DEFAULT 80,
    solar_priority_start integer NOT NULL DEFAULT 10,
    solar_priority_end integer NOT NULL DEFAULT 16,
    control_level text NOT NULL DEFAULT 'observe'
        CHECK (control_level IN ('observe', 'approve', 'automatic')),
    require_confirmation text NOT NULL DEFAULT 'always',
    manual_hold_minutes double precision NOT NULL DEFAULT 60,
    stale_after_s double precision NOT NULL DEFAULT 600,
    stale_after_local_s double precision NOT NULL DEFAULT 60,
    failsafe_after_s double precision NOT NULL DEFAULT 1800,
    failsafe_after_local_s double precision NOT NULL DEFAULT 300,
    dead_man_minutes double precision NOT NULL DEFAULT 5,
    approval_minutes double precision NOT NULL DEFAULT 5,
    notify_email text,
    notify_phone text,
    notify_urls jsonb NOT NULL DEFAULT '[]',
    notify_critical_only boolean NOT NULL DEFAULT false,
    quiet_hours_start integer,
    quiet_hours_end integer,
    notify_categories jsonb NOT NULL DEFAULT '[]',
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, system_id),
    CONSTRAINT preferences_percent_order CHECK (voltage_at_0_percent < voltage_at_100_percent),
    CONSTRAINT preferences_voltage_order CHECK (
        battery_absolute_min < voltage_shutdown
        AND voltage_shutdown < voltage_critical_low AND voltage_critical_low <= voltage_low
        AND voltage_low < voltage_restart AND voltage_restart <= voltage_optimal_min
        AND voltage_optimal_min < voltage_optimal_max AND voltage_optimal_max <= voltage_float
        AND voltage_float < voltage_absorption AND voltage_absorption <= voltage_full
        AND voltage_full <= battery_absolute_max),
    CONSTRAINT preferences_positive CHECK (
        battery_capacity_wh > 0 AND battery_nominal_v > 0 AND max_grid_import_w >= 0
        AND battery_discharge_allowance_w >= 0 AND max_battery_discharge_w >= 0
        AND budget_tolerance_w >= 0 AND max_starts_per_cycle >= 1),
    CONSTRAINT preferences_soc_order CHECK (
        0 <= soc_critical_pct AND soc_critical_pct <= soc_minimum_pct
        AND soc_minimum_pct <= soc_warning_pct AND soc_target_pct <= 100
        AND soc_pause_miners_pct <= soc_resume_miners_pct),
    CONSTRAINT preferences_ages CHECK (
        0 < stale_after_s AND stale_after_s < failsafe_after_s
        AND 0 < stale_after_local_s AND stale_after_local_s < failsafe_after_local_s),
    CONSTRAINT preferences_dead_man CHECK (dead_man_minutes BETWEEN 1 AND 30),
    CONSTRAINT preferences_place CHECK (
        latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180),
    CONSTRAINT preferences_hours CHECK (
        solar_priority_start BETWEEN 0 AND 23 AND solar_priority_end BETWEEN 0 AND 23
        AND quiet_hours_start BETWEEN 0 AND 23 AND quiet_hours_end BETWEEN 0 AND 23),
    CONSTRAINT preferences_confirmation CHECK (
        require_confirmation IN ('always', 'sometimes', 'never'))
);
CREATE TRIGGER user_preferences_version BEFORE UPDATE ON user_preferences
    FOR EACH ROW EXECUTE FUNCTION next_version();

CREATE TABLE hvac_zones (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    name text NOT NULL,
    zone_type text NOT NULL DEFAULT 'room',
    temp_too_hot double precision,
    temp_hot_ok double precision,
    temp_cold_ok double precision,
    temp_too_cold double precision,
    exhaust_fan_enabled boolean NOT NULL DEFAULT false,
    exhaust_fan_speed_auto boolean NOT NULL DEFAULT true,
    exhaust_fan_max_speed integer NOT NULL DEFAULT 10,
    heating_enabled boolean NOT NULL DEFAULT false,
    heating_priority_1 text NOT NULL DEFAULT 'none'
        CHECK (heating_priority_1 IN ('miner', 'heater', 'none')),
    heating_priority_2 text NOT NULL DEFAULT 'none'
        CHECK (heating_priority_2 IN ('miner', 'heater', 'none')),
    only_heat_when_solar boolean NOT NULL DEFAULT true,
    minimum_solar_for_heating_watts double precision NOT NULL DEFAULT 0,
    block_charging_below_temp double precision,
    enabled boolean NOT NULL DEFAULT true,
    exhaust_fan_device_id uuid REFERENCES controlled_loads ON DELETE SET NULL,
    heater_device_id uuid REFERENCES controlled_loads ON DELETE SET NULL,
    sensor_device_id uuid,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (system_id, name),
    CONSTRAINT zones_temperature_order CHECK (
        (temp_too_hot IS NULL OR temp_hot_ok IS NULL OR temp_too_hot > temp_hot_ok)
        AND (temp_hot_ok IS NULL OR temp_cold_ok IS NULL OR temp_hot_ok > temp_cold_ok)
        AND (temp_cold_ok IS NULL OR temp_too_cold IS NULL OR temp_cold_ok > temp_too_cold)
        AND (temp_too_hot IS NULL OR temp_too_cold IS NULL OR temp_too_hot > temp_too_cold)),
    CONSTRAINT zones_fan_speed CHECK (exhaust_fan_max_speed BETWEEN 1 AND 10),
    CONSTRAINT zones_positive CHECK (minimum_solar_for_heating_watts >= 0)
);
CREATE TRIGGER hvac_zones_version BEFORE UPDATE ON hvac_zones
    FOR EACH ROW EXECUTE FUNCTION next_version();

CREATE TABLE miner_profiles (
    id uuid PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    name text NOT NULL,
    model text NOT NULL DEFAULT '',
    hashrate_ths double precision NOT NULL DEFAULT 0,
    power_draw_watts double precision NOT NULL,
    priority_level integer NOT NULL DEFAULT 5,
    operating_mode text NOT NULL DEFAULT 'balanced'
        CHECK (operating_mode IN ('aggressive', 'balanced', 'opportunistic')),
    start_voltage numeric NOT NULL DEFAULT 52,
    stop_voltage numeric NOT NULL DEFAULT 50,
    emergency_stop_voltage numeric NOT NULL DEFAULT 46,
    start_hysteresis_minutes double precision NOT NULL DEFAULT 5,
    stop_hysteresis_minutes double precision NOT NULL DEFAULT 2,
    minimum_on_minutes double precision NOT NULL DEFAULT 15,
    minimum_off_minutes double precision NOT NULL DEFAULT 10,
    require_excess_solar boolean NOT NULL DEFAULT false,
    minimum_excess_watts double precision NOT NULL DEFAULT 0,
    maximum_runtime_hours double precision,
    prefer_time_start integer,
    prefer_time_end integer,
    allow_outside_schedule boolean NOT NULL DEFAULT true,
    require_sunny_weather boolean NOT NULL DEFAULT false,
    minimum_solar_production_watts double precision NOT NULL DEFAULT 0,
    enabled boolean NOT NULL DEFAULT true,
    control_method text NOT NULL DEFAULT 'shelly'
        CHECK (control_method IN ('shelly', 'pyasic', 'smartload', 'none')),
    device_id uuid REFERENCES controlled_loads ON DELETE SET NULL,
    zone_id uuid REFERENCES hvac_zones ON DELETE SET NULL,
    last_started_at timestamptz,
    last_stopped_at timestamptz,
    total_runtime_s double precision NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (system_id, name),
    CONSTRAINT miners_voltage_order CHECK (
        emergency_stop_voltage < stop_voltage AND stop_voltage < start_voltage),
    CONSTRAINT miners_priority CHECK (priority_level BETWEEN 1 AND 10),
    CONSTRAINT miners_positive CHECK (
        power_draw_watts > 0 AND hashrate_ths >= 0 AND minimum_excess_watts >= 0
        AND minimum_solar_production_watts >= 0 AND start_hysteresis_minutes >= 0
        AND stop_hysteresis_minutes >= 0 AND minimum_on_minutes >= 0 AND minimum_off_minutes >= 0
        AND maximum_runtime_hours > 0),
    CONSTRAINT miners_hours CHECK (
        prefer_time_start BETWEEN 0 AND 23 AND prefer_time_end BETWEEN 0 AND 23)
);
CREATE TRIGGER miner_profiles_version BEFORE UPDATE ON miner_profiles
    FOR EACH ROW EXECUTE FUNCTION next_version();

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    system_id uuid REFERENCES systems ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    what text NOT NULL,
    key text NOT NULL,
    before jsonb,
    after jsonb
);
CREATE INDEX audit_log_by_time ON audit_log (system_id, at DESC);

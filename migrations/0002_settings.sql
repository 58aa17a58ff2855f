-- What owners set: preferences per user and system, miner profiles, HVAC zones, and who changed what.
-- The orderings are checked here too; energy/preference_rules.py says them in words first.

CREATE FUNCTION next_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
    RETURN NEW;
END $$;

-- Points (volts, percent): 2 to 50, both rising, from 0 to 100 %. None at all means linear.
CREATE FUNCTION is_voltage_curve(curve jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN curve IS NULL THEN true
        WHEN jsonb_typeof(curve) <> 'array' THEN false
        WHEN jsonb_array_length(curve) NOT BETWEEN 2 AND 50 THEN false
        WHEN jsonb_path_exists(curve, 'strict $[*] ? (@.type() != "array" || @.size() != 2)') THEN false
        WHEN jsonb_path_exists(curve, 'strict $[*][*] ? (@.type() != "number")') THEN false
        ELSE (
            SELECT bool_and(coalesce(volts > before_volts AND percent > before_percent, true))
                AND min(percent) = 0 AND max(percent) = 100
            FROM (
                SELECT (point->>0)::numeric AS volts, (point->>1)::numeric AS percent,
                    lag((point->>0)::numeric) OVER (ORDER BY place) AS before_volts,
                    lag((point->>1)::numeric) OVER (ORDER BY place) AS before_percent
                FROM jsonb_array_elements(curve) WITH ORDINALITY AS points (point, place)) steps)
    END
$$;

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
    notify_urls text NOT NULL DEFAULT '',
    notify_critical_only boolean NOT NULL DEFAULT false,
    quiet_hours_start integer,
    quiet_hours_end integer,
    notify_categories jsonb NOT NULL DEFAULT '[]',
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, system_id),
    CONSTRAINT preferences_percent_order CHECK (voltage_at_0_percent < voltage_at_100_percent),
    CONSTRAINT preferences_absolute_order CHECK (battery_absolute_min < battery_absolute_max),
    CONSTRAINT preferences_shutdown_order CHECK (voltage_shutdown < voltage_critical_low),
    CONSTRAINT preferences_critical_order CHECK (voltage_critical_low <= voltage_low),
    CONSTRAINT preferences_low_order CHECK (voltage_low < voltage_restart),
    CONSTRAINT preferences_restart_order CHECK (voltage_restart <= voltage_optimal_min),
    CONSTRAINT preferences_optimal_order CHECK (voltage_optimal_min < voltage_optimal_max),
    CONSTRAINT preferences_float_order CHECK (voltage_optimal_max <= voltage_float),
    CONSTRAINT preferences_absorption_order CHECK (voltage_float < voltage_absorption),
    CONSTRAINT preferences_full_order CHECK (voltage_absorption <= voltage_full),
    CONSTRAINT preferences_maximum_order CHECK (voltage_full <= battery_absolute_max),
    CONSTRAINT preferences_curve CHECK (is_voltage_curve(voltage_curve)),
    CONSTRAINT preferences_voltages_finite CHECK (
        voltage_at_0_percent < 'Infinity' AND voltage_at_100_percent < 'Infinity'
        AND battery_absolute_min > '-Infinity' AND battery_absolute_max < 'Infinity'
        AND voltage_shutdown > '-Infinity'),
    CONSTRAINT preferences_battery CHECK (
        battery_nominal_v > 0 AND battery_nominal_v < 'Infinity'
        AND battery_capacity_wh > 0 AND battery_capacity_wh < 'Infinity'),
    CONSTRAINT preferences_powers CHECK (
        max_grid_import_w >= 0 AND max_grid_import_w < 'Infinity'
        AND battery_discharge_allowance_w >= 0 AND battery_discharge_allowance_w < 'Infinity'
        AND max_battery_discharge_w >= 0 AND max_battery_discharge_w < 'Infinity'
        AND budget_tolerance_w >= 0 AND budget_tolerance_w < 'Infinity'),
    CONSTRAINT preferences_starts CHECK (max_starts_per_cycle BETWEEN 1 AND 100),
    CONSTRAINT preferences_soc CHECK (
        soc_critical_pct BETWEEN 0 AND 100 AND soc_minimum_pct BETWEEN 0 AND 100
        AND soc_warning_pct BETWEEN 0 AND 100 AND soc_pause_miners_pct BETWEEN 0 AND 100
        AND soc_resume_miners_pct BETWEEN 0 AND 100 AND soc_target_pct BETWEEN 0 AND 100),
    CONSTRAINT preferences_soc_alerts CHECK (soc_critical_pct <= soc_warning_pct),
    CONSTRAINT preferences_soc_miners CHECK (soc_pause_miners_pct <= soc_resume_miners_pct),
    CONSTRAINT preferences_stale CHECK (
        stale_after_s > 0 AND stale_after_s <= failsafe_after_s AND failsafe_after_s < 'Infinity'),
    CONSTRAINT preferences_stale_local CHECK (
        stale_after_local_s > 0 AND stale_after_local_s <= failsafe_after_local_s
        AND failsafe_after_local_s < 'Infinity'),
    CONSTRAINT preferences_hold CHECK (
        manual_hold_minutes >= 0 AND manual_hold_minutes < 'Infinity'),
    CONSTRAINT preferences_dead_man CHECK (dead_man_minutes BETWEEN 1 AND 30),
    CONSTRAINT preferences_approval CHECK (approval_minutes BETWEEN 1 AND 1440),
    CONSTRAINT preferences_latitude CHECK (latitude BETWEEN -90 AND 90),
    CONSTRAINT preferences_longitude CHECK (longitude BETWEEN -180 AND 180),
    CONSTRAINT preferences_solar_hours CHECK (
        solar_priority_start BETWEEN 0 AND 23 AND solar_priority_end BETWEEN 0 AND 23),
    CONSTRAINT preferences_quiet_hours CHECK (
        quiet_hours_start BETWEEN 0 AND 23 AND quiet_hours_end BETWEEN 0 AND 23
        AND (quiet_hours_start IS NULL) = (quiet_hours_end IS NULL)),
    CONSTRAINT preferences_units CHECK (units IN ('metric', 'imperial')),
    CONSTRAINT preferences_temperature_unit CHECK (temperature_unit IN ('c', 'f')),
    CONSTRAINT preferences_power_unit CHECK (power_unit IN ('w', 'kw')),
    CONSTRAINT preferences_confirmation CHECK (
        require_confirmation IN ('always', 'sometimes', 'never'))
);
COMMENT ON COLUMN user_preferences.notify_urls IS 'Encrypted: addresses may hold passwords.';
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
    exhaust_fan_device_id uuid,
    heater_device_id uuid,
    sensor_device_id uuid,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (system_id, name),
    UNIQUE (id, system_id),
    FOREIGN KEY (exhaust_fan_device_id, system_id)
        REFERENCES controlled_loads (id, system_id) ON DELETE SET NULL (exhaust_fan_device_id),
    FOREIGN KEY (heater_device_id, system_id)
        REFERENCES controlled_loads (id, system_id) ON DELETE SET NULL (heater_device_id),
    CONSTRAINT zones_name CHECK (btrim(name) <> ''),
    -- A comparison with a temperature that is not set holds.
    CONSTRAINT zones_hot_order CHECK (temp_too_hot > temp_hot_ok),
    CONSTRAINT zones_middle_order CHECK (temp_hot_ok > temp_cold_ok),
    CONSTRAINT zones_cold_order CHECK (temp_cold_ok > temp_too_cold),
    CONSTRAINT zones_outer_order CHECK (temp_too_hot > temp_too_cold),
    CONSTRAINT zones_upper_order CHECK (temp_too_hot > temp_cold_ok),
    CONSTRAINT zones_lower_order CHECK (temp_hot_ok > temp_too_cold),
    CONSTRAINT zones_temperatures_finite CHECK (
        temp_too_hot < 'Infinity' AND temp_hot_ok < 'Infinity' AND temp_cold_ok < 'Infinity'
        AND temp_too_cold < 'Infinity' AND block_charging_below_temp < 'Infinity'),
    CONSTRAINT zones_fan_speed CHECK (exhaust_fan_max_speed BETWEEN 1 AND 10),
    CONSTRAINT zones_solar CHECK (
        minimum_solar_for_heating_watts >= 0 AND minimum_solar_for_heating_watts < 'Infinity')
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
    device_id uuid,
    zone_id uuid,
    last_started_at timestamptz,
    last_stopped_at timestamptz,
    total_runtime_s double precision NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (system_id, name),
    FOREIGN KEY (device_id, system_id)
        REFERENCES controlled_loads (id, system_id) ON DELETE SET NULL (device_id),
    FOREIGN KEY (zone_id, system_id)
        REFERENCES hvac_zones (id, system_id) ON DELETE SET NULL (zone_id),
    CONSTRAINT miners_name CHECK (btrim(name) <> ''),
    CONSTRAINT miners_emergency_order CHECK (emergency_stop_voltage < stop_voltage),
    CONSTRAINT miners_stop_order CHECK (stop_voltage < start_voltage),
    CONSTRAINT miners_voltages_finite CHECK (
        emergency_stop_voltage > 0 AND start_voltage < 'Infinity'),
    CONSTRAINT miners_priority CHECK (priority_level BETWEEN 1 AND 10),
    CONSTRAINT miners_power CHECK (power_draw_watts > 0 AND power_draw_watts < 'Infinity'),
    CONSTRAINT miners_hashrate CHECK (hashrate_ths >= 0 AND hashrate_ths < 'Infinity'),
    CONSTRAINT miners_solar CHECK (
        minimum_excess_watts >= 0 AND minimum_excess_watts < 'Infinity'
        AND minimum_solar_production_watts >= 0
        AND minimum_solar_production_watts < 'Infinity'),
    CONSTRAINT miners_times CHECK (
        start_hysteresis_minutes >= 0 AND start_hysteresis_minutes < 'Infinity'
        AND stop_hysteresis_minutes >= 0 AND stop_hysteresis_minutes < 'Infinity'
        AND minimum_on_minutes >= 0 AND minimum_on_minutes < 'Infinity'
        AND minimum_off_minutes >= 0 AND minimum_off_minutes < 'Infinity'),
    CONSTRAINT miners_runtime CHECK (maximum_runtime_hours BETWEEN 0 AND 25),
    CONSTRAINT miners_hours CHECK (
        prefer_time_start BETWEEN 0 AND 23 AND prefer_time_end BETWEEN 0 AND 23
        AND (prefer_time_start IS NULL) = (prefer_time_end IS NULL))
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

-- Samples, newest values, series, rollups, polls and partitions. ``{parts}``: see connection/builder.py.

-- name: record_poll
INSERT INTO polls (adapter_id, at, ms, error, caution)
VALUES (%(adapter_id)s, %(at)s, %(ms)s, %(error)s, %(caution)s)

-- name: poll_health
-- A gap is a pause of more than three intervals between successes, or since the last one. Polls that
-- were due and not made count as failed: between two polls of the last 24 h, and since the last.
SELECT a.id AS adapter_id, a.name, a.adapter_type, a.poll_interval_s AS interval_s,
    s.last_success_at, s.caution, l.at AS last_attempt_at, l.error AS last_error,
    d.success_rate_24h, coalesce(g.gaps, 0)::int AS gaps_24h
FROM adapters a
LEFT JOIN LATERAL (
    SELECT at, error FROM polls WHERE adapter_id = a.id AND at <= %(now)s
    ORDER BY at DESC LIMIT 1) l ON true
LEFT JOIN LATERAL (
    SELECT at AS last_success_at, caution FROM polls
    WHERE adapter_id = a.id AND at <= %(now)s AND error IS NULL
    ORDER BY at DESC LIMIT 1) s ON true
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE p.error IS NULL AND p.at > %(now)s - interval '24 hours')
        / nullif(count(*) FILTER (WHERE p.at > %(now)s - interval '24 hours') + sum(greatest(floor(
            extract(epoch FROM p.later - greatest(p.at, %(now)s - interval '24 hours'))
                ::double precision / a.poll_interval_s + 0.5) - 1, 0)), 0)::double precision
        AS success_rate_24h
    FROM (
        SELECT at, error, lead(at, 1, %(now)s) OVER (ORDER BY at) AS later FROM polls
        WHERE adapter_id = a.id AND at <= %(now)s AND at >= coalesce((
            SELECT max(at) FROM polls
            WHERE adapter_id = a.id AND at <= %(now)s - interval '24 hours'), '-infinity')) p
    ) d ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS gaps FROM (
        SELECT at, lead(at, 1, %(now)s) OVER (ORDER BY at) AS later FROM polls
        WHERE adapter_id = a.id AND at <= %(now)s AND at > %(now)s - interval '24 hours'
            AND error IS NULL) p
    WHERE later - at > 3 * a.poll_interval_s * interval '1 second') g ON true
WHERE a.system_id = %(system_id)s
ORDER BY a.name, a.id

-- name: load_powers_at
-- Power of each controlled load at a time: its newest metered value shortly before.
SELECT DISTINCT ON (s.device_id) s.device_id, s.power_w AS value
FROM controlled_loads l JOIN load_samples s ON s.device_id = l.id
WHERE l.system_id = %(system_id)s AND s.at <= %(at)s AND s.at >= %(oldest)s
    AND s.power_w IS NOT NULL
ORDER BY s.device_id, s.at DESC

-- name: lock_partitions
SELECT pg_advisory_xact_lock(hashtextextended('partitions', 0))

-- name: partitions
SELECT c.relname AS name
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass(%(table)s)

-- name: measured_between
-- Whether there is any sample in the span.
SELECT EXISTS (SELECT FROM {table} WHERE at >= %(start)s AND at < %(end)s) AS found

-- name: forget_future
-- Newest values that a clock ahead of time stamped: they would hide all that come until then. The
-- samples stay, and the next one of a metric is its newest value again.
DELETE FROM newest_values WHERE measured_at > %(now)s::timestamptz + interval '1 hour'

-- name: forget_polls
DELETE FROM polls WHERE at < %(now)s - interval '48 hours'

-- name: forget_hours
DELETE FROM system_hourly_energy WHERE start_at < %(now)s - interval '400 days'

-- name: forget_bank_hours
DELETE FROM battery_bank_hourly WHERE start_at < %(now)s - interval '400 days'

-- name: forget_days
DELETE FROM system_daily_summary WHERE start_at < %(now)s - interval '730 days'

-- name: newest
-- The newest value per device and metric. Zones have no adapter: their name is the source.
SELECT n.device_id, n.metric, n.value, n.measured_at, n.unchanged_since, n.changed,
    n.suspicion, d.source, d.link
FROM metered_devices d JOIN newest_values n ON n.device_id = d.id
WHERE d.system_id = %(system_id)s AND n.measured_at >= %(oldest)s

-- name: search_newest
-- The newest value of one metric at an earlier moment, from the samples: the value, the start of its
-- run of equal values, and whether another value was seen before it.
SELECT d.id AS device_id, {metric:text} AS metric, n.value::double precision AS value,
    n.at AS measured_at, f.at AS unchanged_since, c.at IS NOT NULL AS changed,
    '' AS suspicion, d.source, d.link
FROM metered_devices d
CROSS JOIN LATERAL (
    SELECT at, {metric:number} AS value, {metric} AS raw FROM {table}
    WHERE device_id = d.id AND at <= %(until)s AND at >= %(oldest)s AND {metric:believed}
    ORDER BY at DESC LIMIT 1) n
LEFT JOIN LATERAL (
    SELECT at FROM {table}
    WHERE device_id = d.id AND at < n.at AND at >= %(oldest)s AND {metric} <> n.raw
        AND {metric:believed}
    ORDER BY at DESC LIMIT 1) c ON true
CROSS JOIN LATERAL (
    SELECT at FROM {table}
    WHERE device_id = d.id AND at <= n.at AND at >= %(oldest)s
        AND (c.at IS NULL OR at > c.at) AND {metric:believed}
    ORDER BY at LIMIT 1) f
WHERE d.system_id = %(system_id)s AND d.kind = {kind:text}

-- name: take_samples
-- Stores samples (existing ones stay as they are) and updates the newest values with
-- those that are newer. Returns how many were new.
WITH i AS MATERIALIZED (
    SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %(samples)s)
), taken AS (
    INSERT INTO {table} ({columns}) SELECT {columns} FROM i ON CONFLICT DO NOTHING RETURNING at
), fresh AS (
    SELECT i.device_id, m.metric, m.value, i.at, n.value AS before, n.unchanged_since,
        coalesce(n.changed, false) AS changed
    FROM i
    CROSS JOIN LATERAL (VALUES {metrics:numbers}) m (metric, value)
    LEFT JOIN LATERAL (
        -- One index look-up each: the limit keeps the planner from reading the whole table.
        SELECT value, measured_at, unchanged_since, changed FROM newest_values
        WHERE device_id = i.device_id AND metric = m.metric LIMIT 1) n ON true
    WHERE m.value IS NOT NULL AND (n.measured_at IS NULL OR i.at > n.measured_at)
), compared AS (
    SELECT device_id, metric, value, at, unchanged_since, changed,
        lag(value, 1, before) OVER (PARTITION BY device_id, metric ORDER BY at) AS earlier
    FROM fresh
), runs AS (
    SELECT device_id, metric, value, at,
        coalesce(
            max(at) FILTER (WHERE value IS DISTINCT FROM earlier) OVER every,
            unchanged_since) AS unchanged_since,
        changed OR coalesce(bool_or(value <> earlier) OVER every, false) AS changed,
        row_number() OVER (PARTITION BY device_id, metric ORDER BY at DESC) AS place
    FROM compared WINDOW every AS (PARTITION BY device_id, metric)
), continued AS (
    INSERT INTO newest_values (device_id, metric, value, measured_at, unchanged_since, changed)
    SELECT device_id, metric, value, at, unchanged_since, changed FROM runs WHERE place = 1
    ORDER BY device_id, metric
    ON CONFLICT (device_id, metric) DO UPDATE SET value = excluded.value,
        measured_at = excluded.measured_at, unchanged_since = excluded.unchanged_since,
        changed = excluded.changed, suspicion = ''
    WHERE excluded.measured_at > newest_values.measured_at
)
SELECT count(*)::int AS new FROM taken

-- name: note_suspicions
-- Stores with the newest values why newer samples are not believed.
UPDATE newest_values n SET suspicion = s.reason
FROM (
    SELECT DISTINCT ON (i.device_id, e.key) i.device_id, e.key AS metric, i.at, e.value AS reason
    FROM jsonb_populate_recordset(NULL::{table}, %(samples)s) i
    CROSS JOIN LATERAL jsonb_each_text(i.suspect) e
    ORDER BY i.device_id, e.key, i.at DESC) s
WHERE n.device_id = s.device_id AND n.metric = s.metric AND s.at > n.measured_at

-- name: series
SELECT at, device_id, {metric:number} AS value
FROM {table}
WHERE at >= %(start)s AND at < %(end)s AND {metric} IS NOT NULL
    AND (%(device_id)s::uuid IS NULL OR device_id = %(device_id)s)
    AND device_id IN (SELECT id FROM {devices} WHERE system_id = %(system_id)s)

-- name: series_means
-- Means of buckets that begin at the start, of values that are believed.
SELECT date_bin(%(step)s, at, %(start)s) AS at, device_id, avg({metric:number}) AS value
FROM {table}
WHERE at >= %(start)s AND at < %(end)s AND {metric:believed}
    AND (%(device_id)s::uuid IS NULL OR device_id = %(device_id)s)
    AND device_id IN (SELECT id FROM {devices} WHERE system_id = %(system_id)s)
GROUP BY 1, 2

-- name: at_or_before
SELECT at, {metric:number} AS value
FROM {table}
WHERE device_id = %(device_id)s AND at <= %(at)s AND {metric} IS NOT NULL
ORDER BY at DESC LIMIT 1

-- name: samples
SELECT {columns}
FROM {table}
WHERE device_id IN (SELECT id FROM {devices} WHERE system_id = %(system_id)s)
    AND at >= %(start)s AND at < %(end)s

-- name: save_rollup
-- Each row is stored as a JSON document.
INSERT INTO {table} ({columns}) VALUES ({columns:places})
ON CONFLICT ({key}, start_at) DO UPDATE SET document = excluded.document

-- name: rollup
SELECT {key}, system_id, start_at, document
FROM {table}
WHERE system_id = %(system_id)s AND start_at >= %(start)s AND start_at < %(end)s
ORDER BY start_at, {key}

-- name: drop_partition
DROP TABLE {partition}

-- name: drop_strays
-- Samples of old days that came so late that they had no partition; how many days there were.
WITH gone AS (DELETE FROM {default} WHERE at < %(midnight)s RETURNING at)
SELECT count(DISTINCT (at AT TIME ZONE 'UTC')::date) AS days FROM gone

-- name: known_table
SELECT to_regclass(%(table)s) AS known

-- name: make_partition
CREATE TABLE {partition} (LIKE {table} INCLUDING ALL)

-- name: move_strays
-- Moves samples from the default partition into the partition of their day.
WITH moved AS (
    DELETE FROM {default} WHERE at >= %(start)s AND at < %(end)s RETURNING {columns}
)
INSERT INTO {partition} ({columns}) SELECT {columns} FROM moved

-- name: attach_partition
-- The bounds are names of days: ``p20260621`` is 21 June 2026, UTC.
SELECT attach_day(%(table)s, %(partition)s, %(start)s, %(end)s)

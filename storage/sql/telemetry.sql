-- What of telemetry needs no table name put in.

-- name: record_poll
INSERT INTO polls (adapter_id, at, ms, error, caution)
VALUES (%(adapter_id)s, %(at)s, %(ms)s, %(error)s, %(caution)s)

-- name: poll_health
-- A gap is a pause of more than three intervals between successes, or since the last one.
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
    SELECT avg((error IS NULL)::int)::double precision AS success_rate_24h FROM polls
    WHERE adapter_id = a.id AND at <= %(now)s AND at > %(now)s - interval '24 hours') d ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS gaps FROM (
        SELECT at, lead(at, 1, %(now)s) OVER (ORDER BY at) AS later FROM polls
        WHERE adapter_id = a.id AND at <= %(now)s AND at > %(now)s - interval '24 hours'
            AND error IS NULL) p
    WHERE later - at > 3 * a.poll_interval_s * interval '1 second') g ON true
WHERE a.system_id = %(system_id)s
ORDER BY a.name, a.id

-- name: load_powers_at
-- What each controlled load drew at a moment: its newest metered power shortly before it.
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

-- name: forget_polls
DELETE FROM polls WHERE at < %(now)s - interval '48 hours'

-- name: forget_hours
DELETE FROM system_hourly_energy WHERE start_at < %(now)s - interval '400 days'

-- name: forget_bank_hours
DELETE FROM battery_bank_hourly WHERE start_at < %(now)s - interval '400 days'

-- name: forget_days
DELETE FROM system_daily_summary WHERE start_at < %(now)s - interval '730 days'

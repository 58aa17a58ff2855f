-- The loop's memory, the emergency stop, locks, and the runs of jobs.

-- name: load_memory
SELECT document FROM site_memory WHERE system_id = %(system_id)s

-- name: save_memory
INSERT INTO site_memory (system_id, document) VALUES (%(system_id)s, %(document)s)
ON CONFLICT (system_id) DO UPDATE SET document = excluded.document, updated_at = now()

-- name: emergency_state
SELECT latched, changed_at, changed_by, reason
FROM emergency_stops WHERE system_id = %(system_id)s ORDER BY id DESC LIMIT 1

-- name: change_emergency
INSERT INTO emergency_stops (system_id, latched, changed_at, changed_by, reason)
VALUES (%(system_id)s, %(latched)s, %(at)s, %(by)s, %(reason)s)

-- name: change_locks
-- Releases locks, then takes others that nobody else holds. One row per lock asked for.
WITH given_back AS MATERIALIZED (
    SELECT count(pg_advisory_unlock(hashtextextended('device/' || key, 0))) AS number
    FROM unnest(%(give_back)s::text[]) AS key
)
SELECT key, number >= 0 AND pg_try_advisory_lock(hashtextextended('device/' || key, 0)) AS taken
FROM given_back LEFT JOIN unnest(%(take)s::text[]) AS key ON true

-- name: record_job
INSERT INTO job_runs (job, system_id, last_run_at, last_ok_at, last_error, ms)
VALUES (%(job)s, %(system_id)s, %(at)s, %(ok_at)s, %(error)s, %(ms)s)
ON CONFLICT (job, system_id) DO UPDATE SET
    last_run_at = excluded.last_run_at,
    last_ok_at = coalesce(excluded.last_ok_at, job_runs.last_ok_at),
    last_error = excluded.last_error,
    ms = excluded.ms

-- name: jobs
SELECT job, system_id, last_run_at, last_ok_at, last_error, ms
FROM job_runs ORDER BY job, system_id

-- name: count_cycle
-- Counts a cycle, and those that were due since the one before and did not run. A gap of more than
-- ten cycles is an outage or a program that was off; of less than that, a program that is too slow.
WITH earlier AS (
    SELECT max(last_started_at) AS started_at FROM cycle_counts WHERE system_id = %(system_id)s
), gap AS (
    SELECT coalesce(least(greatest(
        round(extract(epoch FROM %(started_at)s - started_at) / %(interval_s)s) - 1, 0),
        86400 / %(interval_s)s), 0)::integer AS missed
    FROM earlier
)
INSERT INTO cycle_counts AS counts
    (system_id, hour_at, last_started_at, runs, missed, skipped)
SELECT %(system_id)s, date_trunc('hour', %(started_at)s), %(started_at)s, 1, missed,
    CASE WHEN missed > 10 THEN 0 ELSE missed END
FROM gap
ON CONFLICT (system_id, hour_at) DO UPDATE SET
    last_started_at = greatest(counts.last_started_at, excluded.last_started_at),
    runs = counts.runs + 1,
    missed = counts.missed + excluded.missed,
    skipped = counts.skipped + excluded.skipped

-- name: cycle_counts
-- Of the last day, and of this hour and the one before.
SELECT system_id, sum(runs)::integer AS runs_24h, sum(missed)::integer AS missed_24h,
    coalesce(sum(runs) FILTER (WHERE hour_at > %(now)s - interval '2 hours'), 0)::integer
        AS runs_lately,
    coalesce(sum(skipped) FILTER (WHERE hour_at > %(now)s - interval '2 hours'), 0)::integer
        AS skipped_lately
FROM cycle_counts
WHERE hour_at > %(now)s - interval '24 hours' AND hour_at <= %(now)s
GROUP BY system_id ORDER BY system_id

-- name: forget_cycles
DELETE FROM cycle_counts WHERE hour_at < %(now)s - interval '30 days'

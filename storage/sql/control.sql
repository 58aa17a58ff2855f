-- What the loop remembers, decides and does.

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

-- name: try_lock
SELECT pg_try_advisory_lock(hashtextextended('device/' || %(key)s, 0)) AS taken

-- name: unlock
SELECT pg_advisory_unlock(hashtextextended('device/' || %(key)s, 0))

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

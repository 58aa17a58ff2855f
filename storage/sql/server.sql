-- Statements about the database server itself.

-- name: notify
SELECT pg_notify(%(channel)s, %(text)s)

-- name: health
SELECT pg_database_size(current_database()) AS size,
    current_setting('server_version') AS version

-- name: rule
-- The fields and the text of a constraint that was broken.
SELECT a.attname AS field, pg_get_constraintdef(c.oid) AS rule
FROM pg_constraint c
JOIN unnest(c.conkey) WITH ORDINALITY AS k (number, place) ON true
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
WHERE c.conname = %(name)s AND c.conrelid = to_regclass(%(table)s)
ORDER BY k.place

-- name: wait_at_most
-- For this connection: how long a lock is waited for.
SELECT set_config('lock_timeout', %(wait)s, false)

-- name: lock_schema
-- Lock for changing the schema or inserting its first rows; held until the connection ends.
SELECT pg_advisory_lock(%(lock)s)

-- name: tables
SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema

-- name: lazily
-- This transaction does not wait for the disk.
SELECT set_config('synchronous_commit', 'off', true)

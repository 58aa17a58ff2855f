-- Releases the lock of lock_schema.sql.
SELECT pg_advisory_unlock(%(lock)s)

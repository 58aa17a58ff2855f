-- One process at a time makes the queue's tables.
SELECT pg_advisory_lock(%(lock)s)

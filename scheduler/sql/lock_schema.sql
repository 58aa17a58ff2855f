-- Waits for the lock under which one process at a time creates the queue's tables.
SELECT pg_advisory_lock(%(lock)s)

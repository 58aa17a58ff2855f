-- Lets the next process look.
SELECT pg_advisory_unlock(%(lock)s)

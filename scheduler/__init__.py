"""Regular jobs: the table of jobs, the scheduler that fires them, and queue workers."""

"""The clock of the program: one table of jobs, the scheduler that fires them, and queue workers."""

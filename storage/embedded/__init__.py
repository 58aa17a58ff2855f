"""The embedded PostgreSQL server that is installed with the program."""

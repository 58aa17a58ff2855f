"""How many connections the job queue takes of the database."""

QUEUE_POOL_SIZE = 6
QUEUE_LISTENS = 1
"""A worker listens for new jobs on a connection of its own."""

QUEUE_CONNECTIONS = QUEUE_POOL_SIZE + QUEUE_LISTENS

"""PostgreSQL: the embedded server, the pool, migrations, and one repository per aggregate."""

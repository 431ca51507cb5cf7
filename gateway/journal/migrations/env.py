"""What Alembic runs: the migrations, in the transaction that `gateway.journal.migrations.upgrade` is given."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()

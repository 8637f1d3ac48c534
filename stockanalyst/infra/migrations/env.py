"""What Alembic runs for each command, on the connection that it is handed."""

from alembic import context

from stockanalyst.infra.db import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

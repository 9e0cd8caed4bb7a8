"""Run by Alembic, with a connection that has begun a transaction."""

from alembic import context

from imbridge.storage.sql.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=False,  # whoever calls has begun the transaction, and commits it
)
context.run_migrations()

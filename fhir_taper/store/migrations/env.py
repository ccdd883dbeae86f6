"""What Alembic runs for every command: the revisions, on the connection (and in the transaction) that it was handed."""

from alembic import context

from fhir_taper.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()

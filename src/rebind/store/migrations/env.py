"""Alembic runs this file to learn on which connection to migrate.

It opens no connection and ends no transaction: `store.upgrade` hands over a connection inside a
transaction of its own, so that a version is applied as a whole or not at all, on both databases.
"""

from alembic import context

from rebind.store.schema import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("migrations run by way of `python -m rebind.store.upgrade`")

# SQLite takes changes of tables back like any other change; Alembic does not expect it to.
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()

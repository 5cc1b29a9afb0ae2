"""How the tables came about: a file for each version, run by Alembic from `store.upgrade` only."""

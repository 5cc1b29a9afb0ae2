"""The only floor that knows SQL. One file per table family; what differs between SQLite and
PostgreSQL stands in `engines/`."""

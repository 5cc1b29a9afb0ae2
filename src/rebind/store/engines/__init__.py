"""Opens the engine that a database URL asks for.

Each engine is imported only when it is asked for: a process on SQLite never loads the PostgreSQL
driver. The neighbours `sqlite` and `postgres` do the work; `base` is what they share.
"""

from rebind.store.engines.base import Fraction, Rejected, Stats, StoreEngine
from rebind.store.engines.urls import is_postgres, sqlite_path

__all__ = ["Fraction", "Rejected", "Stats", "StoreEngine", "open_engine"]


async def open_engine(url: str, *, connections: int, fraction: Fraction) -> StoreEngine:
    """`sqlite:///path` or `postgresql://…`; `connections` bounds the PostgreSQL pool.

    Raises `Unavailable` when the database cannot be reached and ValueError for any other URL."""
    if is_postgres(url):
        from rebind.store.engines.postgres import PostgresEngine

        return await PostgresEngine.open(url, connections=connections, fraction=fraction)
    from rebind.store.engines.sqlite import SqliteEngine

    return await SqliteEngine.open(sqlite_path(url), fraction=fraction)

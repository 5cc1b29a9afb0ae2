"""What all tables are made of, in SQLAlchemy's words; the tables themselves stand in `schema.py`
and `schema_support.py`. Read by upgrades and tests only, like its neighbours.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

_WHOLE = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def binary(name: str, *, key: bool = False, null: bool = False) -> "sa.Column[bytes]":
    """An identifier, hash or sealed value."""
    return sa.Column(name, sa.LargeBinary(), primary_key=key, nullable=null)


def text(name: str, *, key: bool = False, null: bool = False) -> "sa.Column[str]":
    """Words."""
    return sa.Column(name, sa.Text(), primary_key=key, nullable=null)


def whole(name: str, *, key: bool = False, null: bool = False) -> "sa.Column[int]":
    """A whole number; a moment in milliseconds."""
    return sa.Column(name, _WHOLE, primary_key=key, nullable=null, autoincrement=False)


def index(name: str, *columns: str, where: Any = None) -> sa.Index:
    """An index; with `where` of those rows only."""
    return sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


def table(name: str, *parts: "sa.Column[Any] | sa.Index", often_updated: bool = False) -> sa.Table:
    """`often_updated` leaves room in each page, so that PostgreSQL puts the new version of a row
    beside the old one and touches no index."""
    return sa.Table(
        name,
        metadata,
        *parts,
        sqlite_strict=True,
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 90} if often_updated else None,
    )

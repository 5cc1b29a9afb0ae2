"""Reading portable SQL: parameters are found where they are, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebind.store.engines.base import RETRY_FIRST_MS, RETRY_LAST_MS, numbered, pause_ms, returns


@pytest.mark.parametrize(
    ("sql", "expected", "names"),
    [
        ("SELECT :a, :b, :a", "SELECT $1, $2, $1", ["a", "b"]),
        ("SELECT :a::bigint + b::text", "SELECT $1::bigint + b::text", ["a"]),
        ("SELECT ':a', 'it''s :b', :c", "SELECT ':a', 'it''s :b', $1", ["c"]),
        ('SELECT ":a", "x"":b", :c', 'SELECT ":a", "x"":b", $1', ["c"]),
        ("SELECT 1 -- :a\n, :b", "SELECT 1 -- :a\n, $1", ["b"]),
        ("SELECT 1 /* :a\n':x */, :b", "SELECT 1 /* :a\n':x */, $1", ["b"]),
        ("  SELECT (:a),:long_name1;\n ", "SELECT ($1),$2", ["a", "long_name1"]),
        ("SELECT x[1:2], 12:30, :a", "SELECT x[1:2], 12:30, $1", ["a"]),
        ("DELETE FROM t", "DELETE FROM t", []),
    ],
)
def test_names_become_numbers(sql: str, expected: str, names: list[str]) -> None:
    found = numbered(sql)
    assert found.sql == expected
    assert found.count == len(names)
    assert list(found.pick({name: name for name in [*names, "more"]})) == names


def test_numbers_go_on_where_the_part_before_ended() -> None:
    assert numbered("SELECT :a, :b, :a", first=7).sql == "SELECT $7, $8, $7"


def test_a_missing_argument_is_named() -> None:
    for sql in ("SELECT :a", "SELECT :b, :a"):
        with pytest.raises(KeyError, match="a"):
            numbered(sql).pick({"b": 1})


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("UPDATE t SET a = 1 RETURNING a", True),
        ("update t set a = 1 returning (a)", True),
        ("UPDATE t SET a = 1", False),
        ("UPDATE t SET a = 'RETURNING'", False),
        ('UPDATE t SET "RETURNING" = 1 -- RETURNING', False),
        ("UPDATE t SET returning_at = 1", False),
        ("WITH x AS (UPDATE t SET a = 1 RETURNING a) DELETE FROM t", False),
        ("INSERT INTO t VALUES ((1)) RETURNING 1", True),
    ],
)
def test_whether_a_statement_returns_rows(sql: str, answer: bool) -> None:
    assert returns(sql) is answer


@given(st.integers(0, 40), st.floats(0, 1, exclude_max=True))
def test_pauses_grow_and_stay_bounded(attempt: int, drawn: float) -> None:
    pause = pause_ms(attempt, lambda: drawn)
    assert RETRY_FIRST_MS / 2 <= pause <= RETRY_LAST_MS
    assert pause <= pause_ms(attempt + 1, lambda: drawn)

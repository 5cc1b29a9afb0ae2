"""numbers: the reservation rows. The primary key is the keyed hash of the number, so that a number
has one live binding at the most, on one machine and across shards (invariant 1).

A row is live while `held_until` is null; a held row keeps a released number for its last account
until the hold ends, then anybody may take it over. While several index keys live, every write is
made under all of them.
"""

from collections.abc import Sequence

from rebind.domain.rows import NumberStanding
from rebind.domain.units import Id, Ms
from rebind.store.statements import Query, Rows, Statement, Write

_RESERVE = Statement(
    "numbers.reserve",
    """
    INSERT INTO numbers (number_key, account_id, number_version, since, held_until)
    VALUES (:number_key, :account_id, :number_version, :now, NULL)
    ON CONFLICT (number_key) DO UPDATE SET
        account_id = :account_id, number_version = :number_version, since = :now, held_until = NULL
    WHERE numbers.held_until <= :now
       OR (numbers.held_until IS NOT NULL AND numbers.account_id = :account_id)
    """,
)
_HOLD = Statement(
    "numbers.hold",
    """
    UPDATE numbers SET held_until = :held_until
    WHERE number_key = :number_key AND account_id = :account_id AND held_until IS NULL
    """,
)
_BY_KEY = Statement(
    "numbers.by_key", "SELECT account_id, held_until FROM numbers WHERE number_key = :number_key"
)


def reserve(keys: Sequence[bytes], account_id: Id, number_version: int, now: Ms) -> list[Write]:
    """Make the number live for the account. Misses where it is live or held for another."""
    return [
        Write(
            _RESERVE,
            {
                "number_key": key,
                "account_id": account_id,
                "number_version": number_version,
                "now": now,
            },
        )
        for key in keys
    ]


def hold(keys: Sequence[bytes], account_id: Id, held_until: Ms) -> list[Write]:
    """Release the number but keep it for this account until `held_until`."""
    return [
        Write(_HOLD, {"number_key": key, "account_id": account_id, "held_until": held_until})
        for key in keys
    ]


def by_key(number_key: bytes) -> Query:
    """The reservation row of a number."""
    return Query(_BY_KEY, {"number_key": number_key})


def standing_of(rows: Rows, account_id: Id, now: Ms) -> NumberStanding:
    """How the number that `by_key` read stands towards an account."""
    holder, held_until = rows[0] if rows else (None, None)
    return standing(holder, held_until, account_id, now)


def standing(holder: Id | None, held_until: Ms | None, account_id: Id, now: Ms) -> NumberStanding:
    """How a number stands towards an account, from its reservation row (None: there is none)."""
    if holder is None or (held_until is not None and held_until <= now):
        return NumberStanding.FREE
    if holder != account_id:
        return NumberStanding.TAKEN
    return NumberStanding.OWN if held_until is None else NumberStanding.PREVIOUS

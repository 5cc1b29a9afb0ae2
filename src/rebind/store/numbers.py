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
_HOLD_ALSO = Statement(
    "numbers.hold_also",
    """
    INSERT INTO numbers (number_key, account_id, number_version, since, held_until)
    VALUES (:number_key, :account_id, :number_version, :now, :held_until)
    ON CONFLICT (number_key) DO UPDATE SET held_until = :held_until
    WHERE numbers.account_id = :account_id
    """,
)
_HOLD_LONGER = Statement(
    "numbers.hold_longer",
    """
    UPDATE numbers SET held_until = :until
    WHERE account_id = :account_id AND number_key = :number_key AND held_until IS NOT NULL
    """,
)
_RESERVATION = Statement(
    "numbers.reservation",
    """
    SELECT number_key, account_id, number_version, since, held_until
    FROM numbers WHERE number_key = :number_key
    """,
)
_UNCHANGED = Statement(
    "numbers.unchanged",
    """
    UPDATE numbers SET since = since
    WHERE number_key = :number_key AND account_id = :account_id
      AND number_version = :number_version AND COALESCE(held_until, -1) = :held_or_minus_one
    """,
)
_MIRROR = Statement(
    "numbers.mirror",
    """
    INSERT INTO numbers (number_key, account_id, number_version, since, held_until)
    VALUES (:number_key, :account_id, :number_version, :since, :held_until)
    ON CONFLICT (number_key) DO UPDATE SET
        account_id = excluded.account_id, number_version = excluded.number_version,
        since = excluded.since, held_until = excluded.held_until
    """,
)
_FORGET = Statement(
    "numbers.forget",
    """
    DELETE FROM numbers WHERE number_key IN (
        SELECT number_key FROM numbers WHERE number_key >= :low AND number_key < :high LIMIT :limit)
    RETURNING number_key
    """,
)
_BY_KEY = Statement(
    "numbers.by_key",
    "SELECT account_id, held_until, number_version FROM numbers WHERE number_key = :number_key",
)

AFTER_ALL = b"\xff" * 17
"""Longer than any key: what begins with a version stands before that version and this."""


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


def hold(
    keys: Sequence[bytes], account_id: Id, number_version: int, held_until: Ms, now: Ms
) -> list[Write]:
    """Release the number but keep it for this account until `held_until`. The row of the key that
    look-ups use guards it; under a key that is being brought in the row may still be missing."""
    first = Write(
        _HOLD, {"number_key": keys[0], "account_id": account_id, "held_until": held_until}
    )
    return [
        first,
        *(
            Write(
                _HOLD_ALSO,
                {
                    "number_key": key,
                    "account_id": account_id,
                    "number_version": number_version,
                    "held_until": held_until,
                    "now": now,
                },
            )
            for key in keys[1:]
        ),
    ]


def hold_longer(keys: Sequence[bytes], account_id: Id, until: Ms) -> list[Write]:
    """Move the end of a hold, where the number is still held for this account."""
    return [
        Write(
            _HOLD_LONGER,
            {"account_id": account_id, "number_key": key, "until": until},
            expect=None,
        )
        for key in keys
    ]


def reservation(number_key: bytes) -> Query:
    """The whole reservation row of a number."""
    return Query(_RESERVATION, {"number_key": number_key})


def mirror(rows: Rows, to_keys: Sequence[bytes]) -> list[Write]:
    """Make the rows under other keys what `reservation` read, whatever they say: a process that did
    not have those keys yet has written past them. Misses where the row changed since it was read.
    """
    ((number_key, account_id, number_version, since, held_until),) = rows
    same = {"account_id": account_id, "number_version": number_version}
    held = -1 if held_until is None else held_until
    return [
        Write(_UNCHANGED, {**same, "number_key": number_key, "held_or_minus_one": held}),
        *(
            Write(_MIRROR, {**same, "number_key": key, "since": since, "held_until": held_until})
            for key in to_keys
        ),
    ]


def forget(key_version: int, limit: int) -> Write:
    """Remove reservations under a retired index key, which begins them; for `Engine.take`."""
    return Write(
        _FORGET,
        {"low": bytes((key_version,)), "high": bytes((key_version,)) + AFTER_ALL, "limit": limit},
        expect=None,
    )


def by_key(number_key: bytes) -> Query:
    """The reservation row of a number."""
    return Query(_BY_KEY, {"number_key": number_key})


def standing_of(rows: Rows, account_id: Id, number_version: int, now: Ms) -> NumberStanding:
    """How the number that `by_key` read stands towards an account with that live binding."""
    holder, held_until, held_version = rows[0] if rows else (None, None, None)
    return standing(holder, held_until, held_version, account_id, number_version, now)


def standing(
    holder: Id | None,
    held_until: Ms | None,
    held_version: int | None,
    account_id: Id,
    number_version: int,
    now: Ms,
) -> NumberStanding:
    """How a number stands towards an account, from its reservation row (None: there is none). Only
    the binding right before the live one is the way back."""
    if holder is None or (held_until is not None and held_until <= now):
        return NumberStanding.FREE
    if holder != account_id:
        return NumberStanding.TAKEN
    if held_until is None:
        return NumberStanding.OWN
    back = held_version == number_version - 1
    return NumberStanding.PREVIOUS if back else NumberStanding.FREE

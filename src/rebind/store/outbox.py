"""outbox: what is to leave, written with the act that made it leave, sent by the worker.

Rows of one address and lane leave in the order of their ids; lane 0 (codes) never waits for lane 1
(notices). A row's payload is wiped when its fate is decided.
"""

from collections.abc import Collection, Sequence
from enum import IntEnum, StrEnum
from functools import cache
from itertools import chain

import msgspec

from rebind.domain.units import Id, Ms, first_id
from rebind.store.statements import Query, Rows, Statement, Value, Write

_CLAIM = Statement(
    "outbox.claim",
    """
    UPDATE outbox SET leased_until = :leased_until, attempts = attempts + 1
    WHERE state = 'due' AND leased_until <= :now AND id IN (
        SELECT o.id FROM outbox o
        WHERE o.state = 'due' AND o.lane = :lane AND o.due_at <= :now
          AND o.leased_until <= :now
          AND NOT EXISTS (
            SELECT 1 FROM outbox p WHERE p.state = 'due' AND p.address_key = o.address_key
              AND p.lane = o.lane AND p.id < o.id)
        ORDER BY o.id LIMIT :limit)
    RETURNING id, lane, channel, address_key, message, account_id, request_id, payload_sealed,
        created_at, expires_at, attempts
    """,
)
_SETTLE = Statement(
    "outbox.settle",
    """
    UPDATE outbox SET state = :state, finished_at = :now, payload_sealed = NULL, last_error = :why
    WHERE id = :id AND state = 'due' AND attempts = :attempts
    """,
)
_POSTPONE = Statement(
    "outbox.postpone",
    """
    UPDATE outbox SET due_at = :due_at, leased_until = 0, last_error = :why
    WHERE id = :id AND state = 'due' AND attempts = :attempts
    """,
)
_RECALL = Statement(
    "outbox.recall",
    """
    UPDATE outbox SET state = :state, finished_at = :now, payload_sealed = NULL, last_error = :why
    WHERE id >= :first AND id < :after AND state = 'due'
      AND account_id = :account_id AND message = :message
    """,
)
_OF_WAIT = Statement(
    "outbox.of_wait",
    """
    SELECT address_key, state, created_at FROM outbox
    WHERE request_id = :request_id AND message = 'change_waiting'
    """,
)
_WAITING = Statement(
    "outbox.waiting",
    "SELECT lane, count(*), min(created_at) FROM outbox WHERE state = 'due' GROUP BY lane",
)


class Lane(IntEnum):
    """Codes and notices travel apart."""

    CODE = 0
    NOTICE = 1


class Fate(StrEnum):
    """How a row ended. `nobody`: the code was for a number that no account has."""

    SENT = "sent"
    DEAD = "dead"
    EXPIRED = "expired"
    NOBODY = "nobody"


class Parcel(msgspec.Struct, frozen=True):
    """A message to be kept for sending."""

    id: Id
    lane: Lane
    channel: str
    address_key: bytes
    message: str
    account_id: Id
    request_id: Id | None
    payload_sealed: bytes
    created_at: Ms
    due_at: Ms
    expires_at: Ms


_COLUMNS = Parcel.__struct_fields__


class Claimed(msgspec.Struct, frozen=True):
    """A message that this worker may send until its lease ends."""

    id: Id
    lane: int
    channel: str
    address_key: bytes
    message: str
    account_id: Id
    request_id: Id | None
    payload_sealed: bytes
    created_at: Ms
    expires_at: Ms
    attempts: int


@cache
def _put(parcels: int) -> Statement:
    values = ", ".join(
        "(" + ", ".join(f":{column}{i}" for column in _COLUMNS) + ", 0, 0, 'due', NULL, NULL)"
        for i in range(parcels)
    )
    return Statement(
        "outbox.put",
        f"INSERT INTO outbox ({', '.join(_COLUMNS)}, attempts, leased_until, state, finished_at,"  # noqa: S608
        f" last_error) VALUES {values}",
    )


@cache
def _names(parcels: int) -> tuple[str, ...]:
    return tuple(f"{column}{i}" for i in range(parcels) for column in _COLUMNS)


def put(parcels: Sequence[Parcel]) -> Write:
    """Keep messages for the worker."""
    values = chain.from_iterable(msgspec.structs.astuple(parcel) for parcel in parcels)
    args: dict[str, Value] = dict(zip(_names(len(parcels)), values, strict=True))
    return Write(_put(len(parcels)), args, expect=len(parcels))


def claim(lane: Lane, now: Ms, lease: Ms, limit: int) -> Write:
    """Take the next messages of a lane that are due, one an address, oldest first."""
    return Write(
        _CLAIM,
        {
            "lane": int(lane),
            "now": now,
            "leased_until": now + lease,
            "limit": limit,
        },
        expect=None,
    )


def claimed(rows: Rows) -> list[Claimed]:
    """What `claim` took, oldest first."""
    return sorted((Claimed(*row) for row in rows), key=lambda parcel: parcel.id)


def settle(parcel: Claimed, fate: Fate, why: str | None, now: Ms) -> Write:
    """Decide a message's fate and wipe its payload. Touches nothing where another worker took it
    over after our lease had ended."""
    return Write(
        _SETTLE,
        {
            "id": parcel.id,
            "state": fate.value,
            "why": why,
            "now": now,
            "attempts": parcel.attempts,
        },
        expect=None,
    )


def postpone(parcel: Claimed, due_at: Ms, why: str) -> Write:
    """Try again later."""
    return Write(
        _POSTPONE,
        {
            "id": parcel.id,
            "due_at": due_at,
            "why": why,
            "attempts": parcel.attempts,
        },
        expect=None,
    )


def recall(account_id: Id, message: str, created_at: Ms, why: str, now: Ms) -> Write:
    """Take back what was written at that moment and has not left yet. What a worker is sending
    right now leaves all the same."""
    return Write(
        _RECALL,
        {
            "state": Fate.DEAD.value,
            "now": now,
            "why": why,
            "account_id": account_id,
            "message": message,
            "first": first_id(created_at),
            "after": first_id(created_at + 1),
        },
        expect=None,
    )


def of_wait(request_id: Id) -> Query:
    """What became of the notices that this request waits, to each address."""
    return Query(_OF_WAIT, {"request_id": request_id})


def handed_over(rows: Rows, besides: Collection[bytes], remind_at: Ms) -> bool | None:
    """Whether everybody who was to be told was tried and somebody was reached, from what `of_wait`
    read; None while some of it is still on its way. `besides` are the keys of the numbers that
    have no say: that they were reached says nothing. Nor does what was told of a wait with another
    end: the last notices until `remind_at` are those of this one, and reminders follow."""
    if any(state == "due" for _address_key, state, _created_at in rows):
        return None
    begun = max((created_at for _, _, created_at in rows if created_at <= remind_at), default=0)
    return any(
        state == Fate.SENT and bytes(address_key) not in besides and created_at >= begun
        for address_key, state, created_at in rows
    )


def out_of_reach(rows: Rows) -> set[bytes]:
    """The keys of the addresses at which nothing of what `of_wait` read arrived or still may."""
    tried = {bytes(address_key) for address_key, _state, _created_at in rows}
    reached = {bytes(key) for key, state, _ in rows if state in ("due", Fate.SENT)}
    return tried - reached


def waiting() -> Query:
    """How many messages wait in each lane, and since when the oldest does."""
    return Query(_WAITING, {})

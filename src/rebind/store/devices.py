"""devices: what one browser or app is to one account. Whether that makes it *known* is a rule
(`domain/evidence.py`); here stand the facts."""

from rebind.domain.units import Id, Ms
from rebind.store.statements import Args, Statement, Write

_MEET = Statement(
    "devices.meet",
    """
    INSERT INTO devices (account_id, device_id, full_since, enrolled, seen_at, reported_at,
        wrong_in_row)
    VALUES (:account_id, :device_id, :full_since, :enrolled, :now, NULL, 0)
    ON CONFLICT (account_id, device_id) DO UPDATE SET
        full_since = COALESCE(devices.full_since, :full_since), seen_at = :now, wrong_in_row = 0
    """,
)
_WRONG = Statement(
    "devices.wrong",
    """
    UPDATE devices SET wrong_in_row = wrong_in_row + 1
    WHERE account_id = :account_id AND device_id = :device_id
    """,
)
_GUESS = Statement(
    "devices.guess",
    """
    UPDATE devices SET wrong_in_row = wrong_in_row + 1
    WHERE account_id = :account_id AND device_id = :device_id AND wrong_in_row < :amount
    """,
)
_GIVE_BACK = Statement(
    "devices.give_back",
    """
    UPDATE devices SET wrong_in_row = wrong_in_row - 1
    WHERE account_id = :account_id AND device_id = :device_id AND wrong_in_row > 0
    """,
)
_FORGET = Statement(
    "devices.forget",
    """
    UPDATE devices SET full_since = NULL, enrolled = 0
    WHERE account_id = :account_id AND device_id <> :kept AND device_id = (
        SELECT device_id FROM sessions WHERE account_id = :account_id AND id = :session_id)
    """,
)
_REPORT = Statement(
    "devices.report",
    """
    UPDATE devices SET full_since = NULL, enrolled = 0, reported_at = COALESCE(reported_at, :now)
    WHERE account_id = :account_id AND device_id <> :kept AND device_id = (
        SELECT device_id FROM sessions WHERE account_id = :account_id AND id = :session_id)
    """,
)
_FORGET_OTHERS = Statement(
    "devices.forget_others",
    """
    UPDATE devices SET full_since = NULL, enrolled = 0
    WHERE account_id = :account_id AND device_id <> :kept
    """,
)


_FORGET_SINCE = Statement(
    "devices.forget_since",
    """
    UPDATE devices SET full_since = NULL, enrolled = 0
    WHERE account_id = :account_id AND (full_since > :since OR device_id = :device_id)
    """,
)


def forget_since(account_id: Id, since: Ms, device_id: Id | None) -> Write:
    """Begin the days towards *known* anew for every device that was met after `since`, and for the
    one from which the undone request came."""
    return Write(
        _FORGET_SINCE,
        {"account_id": account_id, "since": since, "device_id": device_id},
        expect=None,
    )


def forget(account_id: Id, session_id: Id, kept: Id) -> Write:
    """Begin the days towards *known* anew for the device of a session that was ended from another
    device, `kept`."""
    return Write(
        _FORGET,
        {"account_id": account_id, "session_id": session_id, "kept": kept},
        expect=None,
    )


def forget_others(account_id: Id, kept: Id) -> Write:
    """The same for every device but one."""
    return Write(_FORGET_OTHERS, {"account_id": account_id, "kept": kept}, expect=None)


def report(account_id: Id, session_id: Id, kept: Id, now: Ms) -> Write:
    """The device of a session is not the holder's, as the holder says on another device, `kept`: it
    does not become known to the account any more, however long it is used."""
    return Write(
        _REPORT,
        {"account_id": account_id, "session_id": session_id, "kept": kept, "now": now},
        expect=None,
    )


def meet(account_id: Id, device_id: Id, full: bool, enrolled: bool, now: Ms) -> Write:
    """Note a session on this device. `full`: a full session, from which *known* counts."""
    return Write(
        _MEET,
        {
            "account_id": account_id,
            "device_id": device_id,
            "full_since": now if full else None,
            "enrolled": int(enrolled),
            "now": now,
        },
    )


def guess(account_id: Id, device_id: Id, amount: int) -> Write:
    """Count one try in this device's own row before it is looked at. Misses where `amount` are
    spent."""
    args: Args = {"account_id": account_id, "device_id": device_id, "amount": amount}
    return Write(_GUESS, args)


def give_back(account_id: Id, device_id: Id) -> Write:
    """Take back one try that was right."""
    return Write(_GIVE_BACK, {"account_id": account_id, "device_id": device_id}, expect=None)


def wrong(account_id: Id, device_id: Id) -> Write:
    """Count one wrong code in this device's own row."""
    return Write(_WRONG, {"account_id": account_id, "device_id": device_id}, expect=None)

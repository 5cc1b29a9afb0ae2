"""devices: what one browser or app is to one account. Whether that makes it *known* is a rule
(`domain/evidence.py`); here stand the facts."""

from rebind.domain.units import Id, Ms
from rebind.store.statements import Statement, Write

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


def wrong(account_id: Id, device_id: Id) -> Write:
    """Count one wrong code in this device's own row."""
    return Write(_WRONG, {"account_id": account_id, "device_id": device_id}, expect=None)

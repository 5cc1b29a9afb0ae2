"""Factors for stories that are about something else: put in place behind the flows' back, as old as
the story needs them."""

from typing import Any

from rebind.domain import recovery_codes as printed
from rebind.domain.rows import Purpose
from rebind.flows import loss, reauthentication
from rebind.flows.desk import RequestView
from rebind.store import passwords, recovery_codes, totps
from tests.people import Someone

PASSWORD = "four quiet owls under a lamp"
SHORT_PASSWORD = "nine owls"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RECOVERY_CODE = "ABCDE-FGHJK-MNPQR-STVWX-YZ234"


async def set_password(
    who: Someone, password: str = PASSWORD, *, age: int = 0, alone: bool = True, set_by: str = ""
) -> None:
    """A password, `age` milliseconds old."""
    house, at = who.house, who.house.clock.now() - age
    factor_id = house.dice.id(at)
    hashed = await house.desk.hasher.hash(password)
    sealed = house.seal.seal("passwords.hash", factor_id, hashed)
    await house.engine.write(
        [passwords.add(who.account, factor_id, sealed, alone, set_by, at)],
    )


async def set_totp(who: Someone, *, age: int = 0, set_by: str = "") -> None:
    """An authenticator app with `TOTP_SECRET`."""
    house, at = who.house, who.house.clock.now() - age
    factor_id = house.dice.id(at)
    sealed = house.seal.seal("totps.seed", factor_id, TOTP_SECRET)
    await house.engine.write([totps.add(who.account, factor_id, sealed, 0, set_by, at)])


async def set_recovery_code(who: Someone, *, age: int = 0, set_by: str = "") -> None:
    """One recovery code, `RECOVERY_CODE`."""
    house, at = who.house, who.house.clock.now() - age
    code = printed.canonical(RECOVERY_CODE)
    assert code is not None
    hashed = printed.hashed(who.account, code)
    write = recovery_codes.add(who.account, [(house.dice.id(at), hashed)], set_by, at)
    await house.engine.write([write])


def totp_now(who: Someone, steps: int = 0) -> str:
    """What the app shows, or showed or will show that many steps of 30 seconds away."""
    from pyotp import TOTP

    return TOTP(TOTP_SECRET).at(who.house.clock.now() // 1_000 + steps * 30)


async def report_loss(who: Someone, **proofs: str) -> Any:
    """The telephone is gone: one press, and where the device is not known, what is shown for it.
    What became of it, or what is still asked for."""
    desk = who.house.desk
    view = await reauthentication.begin(desk, who.caller(), Purpose.SMS_SUSPEND)
    if isinstance(view, RequestView) and view.state != "done" and proofs:
        view = await who.prove(view, **proofs)
    if not isinstance(view, RequestView) or view.state != "done":
        return view
    return await loss.suspend(desk, who.caller(), view.id)

"""The people at the support desk of the demo: one for each role that works there.

They were let in from the command line, and took their invitations up with a password and an app,
as anybody might. Neighbours: `entrypoints/console/demo.py` shows them, `demo.py` has the people
whose accounts these are about.
"""

from collections.abc import Sequence

import msgspec

from rebind.domain import totp
from rebind.domain.acts import Door
from rebind.domain.operators import Operator, Role
from rebind.domain.refusals import OPERATOR_UNKNOWN, TRY_AGAIN, Refused
from rebind.flows import operator_access, operator_joining, operator_sessions
from rebind.flows import operators as admitting
from rebind.flows.desk import Caller, Desk
from rebind.flows.desk import operators as desk_operators
from rebind.flows.desk.operators import OperatorSession
from rebind.store import operators
from rebind.store.operators import OperatorRow

PASSWORD = "three calm lighthouses"
COLLEAGUES = (
    ("olga", "Olga", Role.OPERATOR),
    ("sam", "Sam", Role.SUPERVISOR),
    ("max", "Max", Role.AUDITOR),
    ("ada", "Ada", Role.ADMINISTRATOR),
)
_HERE = Caller(Door.COMMAND_LINE, "en")


class DeskStage:
    """Everybody at the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def bring_in(self) -> None:
        """Let in who is not there yet, or has never taken the invitation up."""
        for login, name, role in COLLEAGUES:
            row = await self._row(login)
            if row is None:
                await self._join(await admitting.add(self._desk, login, name, role))
            elif row.invite_hash is not None and row.disabled_at is None:
                await self._join(await admitting.reset(self._desk, login))

    async def _join(self, invitation: admitting.Invitation | Refused) -> None:
        """Take it up. Another process of the same demo may have been first."""
        if isinstance(invitation, Refused):
            return
        joining = await operator_joining.invited(self._desk, invitation.token)
        if isinstance(joining, Refused):
            return
        # The code before the present one holds too, and leaves that one for the first sign-in.
        step = self._desk.clock.now() // totp.STEP_MS - totp.STEPS_ASIDE
        code = totp.code_of(joining.app.secret, step)
        await operator_joining.join_by_password(
            self._desk, _HERE, invitation.token, joining.id, PASSWORD, code
        )

    async def colleagues(self) -> Sequence[Operator]:
        """Everybody who is there."""
        rows = [await self._row(login) for login, _name, _role in COLLEAGUES]
        return [desk_operators.person(self._desk, row) for row in rows if row is not None]

    async def enter(self, caller: Caller, login: str) -> OperatorSession | Refused:
        """Sign in as they would, with the code that their app shows; in the language of whoever
        looks on. Refusals: operator_unknown, try_again, and those of
        `operator_sessions.by_password`."""
        row = await self._row(login)
        if row is None or row.totp_sealed is None:
            return Refused(OPERATOR_UNKNOWN)
        secret = self._desk.seal.unseal("operators.totp", login.encode(), row.totp_sealed)
        # A code counts once, and the next one holds already: clocks differ.
        present = self._desk.clock.now() // totp.STEP_MS
        step = max(present, (row.totp_step or 0) + 1)
        if step > present + totp.STEPS_ASIDE:
            return Refused(TRY_AGAIN)
        offer = operator_sessions.offer(self._desk)
        session = await operator_sessions.by_password(
            self._desk, caller, offer.id, login, PASSWORD, totp.code_of(secret, step)
        )
        if isinstance(session, OperatorSession):
            inside = msgspec.structs.replace(caller, bearer=session.token)
            await operator_access.speak(self._desk, inside, caller.locale)
        return session

    async def _row(self, login: str) -> OperatorRow | None:
        (found,) = await self._desk.engine.read(operators.by_login(login))
        return operators.row(found)

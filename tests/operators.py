"""People at the support desk, signed in for real: let in from the command line, with a passkey that
a software authenticator made for their invitation."""

import msgspec
import pyotp

from rebind.domain.acts import Door
from rebind.domain.operators import Operator, Role
from rebind.flows import operator_joining, operator_sessions, operators
from rebind.flows.desk import Caller
from rebind.flows.desk.operators import OperatorSession, Present, present
from tests.authenticator import Authenticator
from tests.people import SITE, House

DESK_ADDRESS = "192.0.2.200"
PASSWORD = "seven quiet umbrellas"


class Colleague(msgspec.Struct, frozen=True):
    """Somebody at the desk with an authenticator in their pocket. `caller` is signed in."""

    house: House
    login: str
    caller: Caller
    pocket: Authenticator

    async def operator(self) -> Operator:
        """As rules take them."""
        who = await present(self.house.desk, self.caller)
        assert isinstance(who, Present), who
        return who.operator

    async def sign_in(self) -> "Colleague":
        """Sign in again with the passkey: a new session, with a proof that is fresh."""
        desk = self.house.desk
        offer = operator_sessions.offer(desk)
        answer = self.pocket.sign(offer.passkey)
        session = await operator_sessions.by_passkey(desk, self.caller, offer.id, answer)
        return msgspec.structs.replace(self, caller=carrying(self.caller, session))


def caller(bearer: str | None = None, address: str = DESK_ADDRESS, **more: str) -> Caller:
    """Somebody at a browser of the console."""
    return Caller(Door.CONSOLE, "en", address, address, "Tests/1.0", bearer, **more)


def carrying(before: Caller, session: object) -> Caller:
    """The same browser with that session."""
    assert isinstance(session, OperatorSession), session
    return msgspec.structs.replace(before, bearer=session.token, device=session.browser)


async def add_colleague(house: House, login: str, role: Role) -> Colleague:
    """Let somebody in from the command line, who takes the invitation up with a passkey."""
    invitation = await operators.add(house.desk, login, login.title(), role)
    assert isinstance(invitation, operators.Invitation), invitation
    return await taken_up(house, invitation)


async def taken_up(house: House, invitation: operators.Invitation) -> Colleague:
    """Take an invitation up with a passkey."""
    joining = await operator_joining.invited(house.desk, invitation.token)
    assert isinstance(joining, operator_joining.Joining), joining
    pocket, browser = Authenticator(SITE, "localhost"), caller()
    answer = pocket.register(joining.passkey)
    session = await operator_joining.join_by_passkey(
        house.desk, browser, invitation.token, joining.id, answer, ""
    )
    return Colleague(house, invitation.login, carrying(browser, session), pocket)


async def with_password(house: House, invitation: operators.Invitation) -> tuple[Caller, str]:
    """Take an invitation up with `PASSWORD` and an app: the browser, signed in, and the app's
    secret."""
    joining = await operator_joining.invited(house.desk, invitation.token)
    assert isinstance(joining, operator_joining.Joining), joining
    browser, secret = caller(), joining.app.secret
    session = await operator_joining.join_by_password(
        house.desk, browser, invitation.token, joining.id, PASSWORD, code_of(house, secret)
    )
    return carrying(browser, session), secret


def code_of(house: House, secret: str) -> str:
    """What an app shows now."""
    return pyotp.TOTP(secret).at(house.clock.now() // 1000)


async def add_operator(house: House, login: str, role: Role) -> Caller:
    """Somebody at the desk, signed in: what flows and doors need of them."""
    return (await add_colleague(house, login, role)).caller

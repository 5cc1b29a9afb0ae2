"""Scenes of the audit about the support desk: everything but the last step has happened. A step
that does several things does each of them, whatever became of the one before."""

from collections.abc import Awaitable, Callable
from typing import Any

from rebind.domain.acts import Act
from rebind.domain.operators import Role
from rebind.domain.units import SECOND
from rebind.flows import audit, operator_access, operator_joining, operator_sessions, operators
from rebind.flows.operators import Invitation
from tests.authenticator import Authenticator
from tests.operators import PASSWORD, Colleague, add_colleague, caller, code_of
from tests.people import SITE, House

Step = Callable[[], Awaitable[Any]]
Scene = Callable[[House], Awaitable[Step]]


async def _invited(house: House, login: str = "olga") -> Invitation:
    found = await operators.add(house.desk, login, login.title(), Role.OPERATOR)
    assert isinstance(found, Invitation), found
    return found


def each(*steps: Step) -> Step:
    """All of them; what the first failed of is raised in the end."""

    async def walk() -> None:
        wrong = []
        for step in steps:
            try:
                await step()
            except Exception as error:
                wrong.append(error)
        if wrong:
            raise wrong[0]

    return walk


async def _joins(house: House) -> Step:
    invitation = await _invited(house)
    joining = await operator_joining.invited(house.desk, invitation.token)
    assert isinstance(joining, operator_joining.Joining)
    answer = Authenticator(SITE, "localhost").register(joining.passkey)
    desk, token = house.desk, invitation.token
    offer_id = joining.id
    return lambda: operator_joining.join_by_passkey(desk, caller(), token, offer_id, answer, "")


async def _administrates(house: House) -> Step:
    desk, by = house.desk, (await add_colleague(house, "ada", Role.ADMINISTRATOR)).caller
    await _invited(house)
    return each(
        lambda: operators.add(desk, "max", "Max", Role.AUDITOR),
        lambda: operators.invite(desk, by, "sam", "Sam", Role.SUPERVISOR),
        lambda: operators.invite_again(desk, by, "olga"),
        lambda: operators.change_role(desk, by, "olga", Role.AUDITOR),
        lambda: operators.disable(desk, by, "olga"),
    )


async def _ways_change(house: House) -> Step:
    """Two sessions and two passkeys, one of which goes; a password comes and goes."""
    desk, olga = house.desk, await add_colleague(house, "olga", Role.OPERATOR)
    by = olga.caller
    house.clock.push(SECOND)
    await Colleague(house, "olga", caller(), olga.pocket).sign_in()
    more = await operator_access.more(desk, by)
    assert isinstance(more, operator_access.More)
    answer = Authenticator(SITE, "localhost").register(more.passkey)
    await operator_access.add_passkey(desk, by, more.id, answer, "")
    anew = await operator_access.more(desk, by)
    assert isinstance(anew, operator_access.More)
    third = Authenticator(SITE, "localhost").register(anew.passkey)
    access = await operator_access.show(desk, by)
    assert isinstance(access, operator_access.Access)
    code = code_of(house, anew.app.secret)
    return each(
        lambda: operator_access.add_passkey(desk, by, anew.id, third, ""),
        lambda: operator_access.set_password(desk, by, PASSWORD, code),
        lambda: operator_access.remove_passkey(desk, by, access.passkeys[0].id),
        lambda: operator_access.remove_password(desk, by),
        lambda: operator_sessions.end_all(desk, by),
    )


async def _guesses(house: House) -> Step:
    desk, offer = house.desk, operator_sessions.offer(house.desk)
    return lambda: operator_sessions.by_password(
        desk, caller(), offer.id, "nobody", PASSWORD, "123456"
    )


async def _exports(house: House) -> Step:
    by = (await add_colleague(house, "max", Role.AUDITOR)).caller
    return lambda: audit.export(house.desk, by, "max")


FLOWS: dict[str, tuple[Scene, set[Act]]] = {
    "operator joins": (_joins, {Act.OPERATOR_JOINED, Act.OPERATOR_SIGNED_IN}),
    "administrator administrates": (
        _administrates,
        {Act.OPERATOR_INVITED, Act.OPERATOR_ROLE_CHANGED, Act.OPERATOR_DISABLED},
    ),
    "ways into the desk change": (
        _ways_change,
        {
            Act.OPERATOR_PASSKEY_ADDED,
            Act.OPERATOR_PASSKEY_REMOVED,
            Act.OPERATOR_PASSWORD_SET,
            Act.OPERATOR_PASSWORD_REMOVED,
            Act.OPERATOR_SIGNED_OUT,
        },
    ),
    "somebody guesses at the desk": (_guesses, {Act.OPERATOR_PROOF_WRONG}),
    "auditor exports": (_exports, {Act.AUDIT_EXPORTED}),
}

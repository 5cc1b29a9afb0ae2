"""Of what the ways in of somebody at the desk are made: an offer, and what is kept of the answer.

An offer is stored nowhere: it is made of what it is `about` (an invitation, or a session) and of
our key, so that nothing is kept before it was shown to work. The password is 15 characters or more,
though a code stands beside it: OWASP ASVS 5.0 6.2.1 recommends that, NIST SP 800-63B-4 3.1.1.2 asks
for 8; whoever reads other people's letters can carry the difference. Neighbours:
`operator_joining.py` and `operator_access.py`, which take ways in.
"""

from typing import Any

import msgspec

from rebind.domain import agents
from rebind.domain import operators as rules
from rebind.domain import passwords as password_rules
from rebind.domain import totp as totp_rules
from rebind.domain.evidence import Proof
from rebind.domain.passwords import Verdict
from rebind.domain.refusals import (
    BUSY,
    OPERATOR_PASSWORD_SHORT,
    PASSWORD_COMMON,
    PASSWORD_EXPECTED,
    PASSWORD_TOO_LONG,
    PASSWORD_UNREADABLE,
    TOTP_NOT_TAKEN,
    Refusal,
    Refused,
)
from rebind.domain.units import SECOND, Ms
from rebind.flows.desk import tokens
from rebind.flows.desk.answers import ANSWER_CHARACTERS_MAX
from rebind.flows.desk.desk import Caller, Desk
from rebind.ports import Busy, NewPasskey
from rebind.store import operator_passkeys
from rebind.store.statements import Write

NAMELESS = "Passkey"
PASSWORD_AND_CODE = f"{Proof.PASSWORD} {Proof.TOTP}"
"""How a session names what it was opened with."""

CHARACTERS_MIN = password_rules.MIN_ALONE
CHARACTERS_MAX = password_rules.MAX
_REFUSALS: dict[Verdict, Refusal] = {
    Verdict.TOO_SHORT: OPERATOR_PASSWORD_SHORT,
    Verdict.TOO_SHORT_ALONE: OPERATOR_PASSWORD_SHORT,
    Verdict.TOO_LONG: PASSWORD_TOO_LONG,
    Verdict.UNREADABLE: PASSWORD_UNREADABLE,
    Verdict.COMMON: PASSWORD_COMMON,
    Verdict.EXPECTED: PASSWORD_EXPECTED,
}


class AppOffer(msgspec.Struct, frozen=True):
    """What an authenticator app is given: as `flows.totp.Setup`."""

    secret: str
    grouped: str
    uri: str


def creation(desk: Desk, about: bytes, login: str, known: tuple[bytes, ...]) -> dict[str, Any]:
    """What a browser needs to make a passkey; `known` are the credentials that are there."""
    challenge = tokens.desk_challenge(desk.seal, about)
    return desk.passkeys.creation(challenge, tokens.desk_handle(desk.seal, about), login, known)


def made(desk: Desk, about: bytes, answer: str) -> NewPasskey | None:
    """The passkey that it made, if that holds."""
    if len(answer) > ANSWER_CHARACTERS_MAX:
        return None
    return desk.passkeys.created(tokens.desk_challenge(desk.seal, about), answer)


def passkey(
    desk: Desk, caller: Caller, login: str, about: bytes, new: NewPasskey, name: str, now: Ms
) -> Write:
    """The write that keeps it. Without a name it is called after the browser."""
    passkey_id = tokens.desk_handle(desk.seal, about)
    called = rules.name_typed(name) or agents.in_words(caller.agent) or NAMELESS
    return operator_passkeys.add(
        login,
        passkey_id,
        new.credential_id,
        new.public_key,
        new.sign_count,
        new.transports,
        desk.seal.seal("operator_passkeys.name", passkey_id, called),
        now,
    )


def app(desk: Desk, about: bytes, login: str) -> AppOffer:
    """What an authenticator app is given."""
    secret = totp_rules.secret(tokens.desk_totp_secret(desk.seal, about))
    return AppOffer(secret, totp_rules.grouped(secret), totp_rules.uri(secret, desk.service, login))


async def kept(
    desk: Desk, login: str, about: bytes, typed: str, code: str
) -> tuple[bytes, bytes, int] | Refused:
    """Password and secret as they rest, and the step that was used; a code of the app has shown
    that it has the secret. Refusals: operator_password_short, password_too_long,
    password_unreadable, password_common, password_expected, totp_not_taken, busy."""
    password = password_rules.readable(typed)
    if isinstance(password, Verdict):
        return Refused(_REFUSALS[password])
    verdict = password_rules.judged(
        password, with_second_factor=False, context=(desk.service, login)
    )
    if verdict is not Verdict.FINE:
        return Refused(_REFUSALS[verdict])
    if await desk.leaks.knows(password):
        return Refused(PASSWORD_COMMON)
    now = desk.clock.now()
    secret = totp_rules.secret(tokens.desk_totp_secret(desk.seal, about))
    step = totp_rules.step_of(secret, code, now, 0)
    if step is None:
        # Not counted: whoever is here has the secret in front of them.
        return Refused(TOTP_NOT_TAKEN)
    try:
        hashed = await desk.hasher.hash(password)
    except Busy as busy:
        return Refused(BUSY, now + busy.retry_s * SECOND)
    place = login.encode()
    return (
        desk.seal.seal("operators.password", place, hashed),
        desk.seal.seal("operators.totp", place, secret),
        step,
    )

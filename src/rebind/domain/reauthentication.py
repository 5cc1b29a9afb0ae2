"""reauthentication: a fresh proof before what protects an account is touched. Rows A1 to A3.

Each is for one purpose and one thing (a mailbox, a passkey), and of no use for another (OWASP ASVS
5.0 7.5.1, NIST SP 800-63B-4 4.1.2.1). Setting takes the highest level that the account has;
removing takes it from a factor that is aged (invariant 15). A session that a code to the number
alone has opened on an unknown device sets nothing for a day by which it could lock others out.
"""

from collections.abc import Callable

from rebind.domain.evidence import Proof
from rebind.domain.policy import Policy
from rebind.domain.request import Kind
from rebind.domain.rows import Case, Gives, Purpose, Row, Strength, Way
from rebind.domain.sign_in import has_second_factor, phone_only
from rebind.domain.units import HOUR, SECOND, Ms

S = Strength

SETTING = frozenset(
    {
        Purpose.EMAIL_ADD,
        Purpose.PASSKEY_ADD,
        Purpose.PASSWORD_SET,
        Purpose.RECOVERY_CODES,
        Purpose.TOTP_SET,
    }
)
REMOVING = frozenset(
    {
        Purpose.ACCOUNT_CLOSE,
        Purpose.EMAIL_REMOVE,
        Purpose.PASSKEY_REMOVE,
        Purpose.PASSWORD_REMOVE,
        Purpose.TOTP_REMOVE,
    }
)
LOCKS_OUT = frozenset({Purpose.PASSKEY_ADD, Purpose.PASSWORD_SET, Purpose.TOTP_SET})
"""What a stranger inside could set so that the holder stays outside."""

_DEVICE_ALONE_SETS_NOTHING = frozenset({Proof.KNOWN_DEVICE, Proof.OTHER_DEVICE})


def young_until(case: Case, on_known_device: bool) -> Ms | None:
    """Until when this session may not set what locks others out: it is younger than a day, on an
    unknown device, and the account has nothing that counts beside a code to its number."""
    ask, policy = case.ask, case.policy
    if ask.purpose not in LOCKS_OUT or ask.session is None or on_known_device:
        return None
    if has_second_factor(case) or not phone_only(case):
        return None
    until = ask.session.opened_at + policy.session_young_h * HOUR
    return until if case.now < until else None


def set_by(proofs: frozenset[Proof]) -> frozenset[Proof]:
    """On the strength of which proof something was set, for invariant 12: the one that was shown
    alone. Whoever has one of two that were shown could not have set it. `CODE_NEW`, to a mailbox
    that is being added, only says that the mailbox is there."""
    speaking = proofs - {Proof.CODE_NEW}
    alone = speaking - _DEVICE_ALONE_SETS_NOTHING
    return alone if len(speaking) == 1 else frozenset()


def _is(*purposes: frozenset[Purpose]) -> Callable[[Case], bool]:
    wanted = frozenset().union(*purposes)
    return lambda case: case.ask.purpose in wanted


_setting = _is(
    SETTING - {Purpose.EMAIL_ADD},
    frozenset({Purpose.SMS_RESTORE, Purpose.DATA_EXPORT, Purpose.REQUEST_STOP}),
)
_removing = _is(REMOVING)
_adding_email = _is(frozenset({Purpose.EMAIL_ADD}))

_WITHOUT_SECOND_FACTOR: tuple[Way, ...] = (
    frozenset({S.PASSWORD}),
    frozenset({S.CODE_CURRENT, S.KNOWN_DEVICE}),
    frozenset({S.CODE_CURRENT, S.EMAIL}),
)
_AGED_WITHOUT_SECOND_FACTOR: tuple[Way, ...] = (
    frozenset({S.AGED_PASSWORD}),
    frozenset({S.CODE_CURRENT, S.KNOWN_DEVICE}),
    frozenset({S.CODE_CURRENT, S.AGED_EMAIL}),
)


def _row(name: str, ways: tuple[Way, ...], applies: Callable[[Case], bool]) -> Row:
    return Row(name=name, kind=Kind.REAUTHENTICATE, ways=ways, gives=Gives.THE_ACT, applies=applies)


def _with_mailbox(ways: tuple[Way, ...]) -> tuple[Way, ...]:
    return tuple(way | {S.CODE_NEW} for way in ways)


def _rows() -> tuple[Row, ...]:
    second, alone = (frozenset({S.SECOND_FACTOR}),), (frozenset({S.CODE_CURRENT}),)

    def unprotected(case: Case) -> bool:
        return not has_second_factor(case) and phone_only(case)

    return (
        _row("A1", second, lambda c: has_second_factor(c) and _setting(c)),
        _row("A1", _with_mailbox(second), lambda c: has_second_factor(c) and _adding_email(c)),
        _row(
            "A1",
            (frozenset({S.AGED_SECOND_FACTOR}),),
            lambda c: has_second_factor(c) and _removing(c),
        ),
        _row("A2", _WITHOUT_SECOND_FACTOR, lambda c: not has_second_factor(c) and _setting(c)),
        _row(
            "A2",
            _with_mailbox(_WITHOUT_SECOND_FACTOR),
            lambda c: not has_second_factor(c) and _adding_email(c),
        ),
        _row(
            "A2",
            _AGED_WITHOUT_SECOND_FACTOR,
            lambda c: not has_second_factor(c) and _removing(c),
        ),
        _row("A3", alone, lambda c: unprotected(c) and _setting(c) and not _restoring(c)),
        _row("A3", alone, lambda c: unprotected(c) and c.ask.purpose is Purpose.ACCOUNT_CLOSE),
        _row("A3", _with_mailbox(alone), lambda c: unprotected(c) and _adding_email(c)),
    )


def _restoring(case: Case) -> bool:
    return case.ask.purpose is Purpose.SMS_RESTORE


def lives_for(purpose: Purpose, policy: Policy) -> Ms:
    """How long its request may be answered: a code to a new mailbox takes its time."""
    if purpose is Purpose.EMAIL_ADD:
        return policy.email_verify_h * HOUR
    return policy.request_ttl_s * SECOND


ROWS = _rows()

"""reauthentication: a fresh proof before what protects an account is touched. Rows A1 to A4.

Each is for one purpose and one thing (a mailbox, a passkey), and of no use for another (OWASP ASVS
5.0 7.5.1, NIST SP 800-63B-4 4.1.2.1). Setting takes the highest level that the account has;
removing takes it from a factor that is aged (invariant 15). A session that a code to the number
alone has opened on an unknown device sets nothing for a day by which it could lock others out; nor
does a password alone, which may have been phished, set or remove such things there. That the phone
is lost (A4) is said on a known device at once, and elsewhere with one proof that is not of its SIM:
whoever has copied a session must not silence the number by which the holder comes in.
"""

from collections.abc import Callable, Iterable

from rebind.domain.evidence import Evidence, Proof, aged, independent
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
LOCKS_OUT = frozenset(
    {Purpose.PASSKEY_ADD, Purpose.PASSWORD_SET, Purpose.REQUEST_RESUME, Purpose.TOTP_SET}
)
"""What a stranger inside could set so that the holder stays outside; or take over so that the
holder's own change comes to nothing."""
_TAKES_TWO = LOCKS_OUT | REMOVING
"""What a password alone does not do in a session of less than a day on an unknown device: by a
report of loss and one of these together it would shut out whoever has all the rest."""

_DEVICE_ALONE_SETS_NOTHING = frozenset({Proof.KNOWN_DEVICE, Proof.OTHER_DEVICE})


def young_until(case: Case, on_known_device: bool) -> Ms | None:
    """Until when this session may not set what locks others out: it is younger than a day, on an
    unknown device, and the account has nothing that counts beside a code to its number."""
    ask = case.ask
    if ask.purpose not in LOCKS_OUT or ask.session is None or on_known_device:
        return None
    if has_second_factor(case) or not phone_only(case):
        return None
    until = _grown_at(case)
    return until if case.now < until else None


def password_enough_at(case: Case) -> Ms | None:
    """From when a password alone does what is asked, where it does not yet: on a device that is not
    known, to a session of less than a day. None where that makes no difference."""
    if not _taking_two(case) or has_second_factor(case) or not _session_young(case):
        return None
    until = _grown_at(case)
    for factor in case.account.factors:
        young = not aged(factor, case.account.enrolled_at, case.policy, until)
        if factor.proof is Proof.PASSWORD and not (young and _removing(case)):
            return until
    return None


def _grown_at(case: Case) -> Ms:
    opened_at = case.ask.session.opened_at if case.ask.session is not None else case.now
    return opened_at + case.policy.session_young_h * HOUR


def _session_young(case: Case) -> bool:
    return case.now < _grown_at(case)


def set_by(shown: Iterable[Evidence], policy: Policy, now: Ms) -> frozenset[Proof]:
    """On the strength of which proofs something was set, for invariant 12: each that by itself led
    to all that was shown. A proof leads to itself and to what it has set lately, so that a chain
    that begins with a stolen SIM ends in nothing that is independent of that SIM. Whoever has one
    of two that do not hang together could not have set it. `CODE_NEW`, to a mailbox that is being
    added, only says that the mailbox is there."""
    led = [_led_by(item, policy, now) for item in shown if item.proof is not Proof.CODE_NEW]
    return frozenset.intersection(*led) - _DEVICE_ALONE_SETS_NOTHING if led else frozenset()


def _led_by(item: Evidence, policy: Policy, now: Ms) -> frozenset[Proof]:
    """Which proofs by themselves lead to this one."""
    factor = item.factor
    if factor is None:
        return frozenset({item.proof})
    lately = (proof for proof in factor.set_by if not independent(factor, proof, policy, now))
    return frozenset({item.proof, *lately})


def _is(*purposes: frozenset[Purpose]) -> Callable[[Case], bool]:
    wanted = frozenset().union(*purposes)
    return lambda case: case.ask.purpose in wanted


_setting = _is(
    SETTING - {Purpose.EMAIL_ADD},
    frozenset(
        {Purpose.DATA_EXPORT, Purpose.REQUEST_RESUME, Purpose.REQUEST_STOP, Purpose.SMS_RESTORE}
    ),
)
_removing = _is(REMOVING)
_taking_two = _is(_TAKES_TWO)
_adding_email = _is(frozenset({Purpose.EMAIL_ADD}))
_reporting = _is(frozenset({Purpose.SMS_SUSPEND}))

_PASSWORD: tuple[Way, ...] = (frozenset({S.PASSWORD}),)
_AGED_PASSWORD: tuple[Way, ...] = (frozenset({S.AGED_PASSWORD}),)
_TWO: tuple[Way, ...] = (
    frozenset({S.PASSWORD, S.KNOWN_DEVICE}),
    frozenset({S.PASSWORD, S.CODE_CURRENT}),
    frozenset({S.PASSWORD, S.EMAIL}),
    frozenset({S.CODE_CURRENT, S.KNOWN_DEVICE}),
    frozenset({S.CODE_CURRENT, S.EMAIL}),
)
_AT_HOME: tuple[Way, ...] = (frozenset({S.KNOWN_DEVICE}),)
_AGED_TWO: tuple[Way, ...] = (
    frozenset({S.AGED_PASSWORD, S.KNOWN_DEVICE}),
    frozenset({S.AGED_PASSWORD, S.CODE_CURRENT}),
    frozenset({S.AGED_PASSWORD, S.AGED_EMAIL}),
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

    def password_enough(case: Case) -> bool:
        return not has_second_factor(case) and not (_taking_two(case) and _session_young(case))

    return (
        _row("A1", second, lambda c: has_second_factor(c) and _setting(c)),
        _row("A1", _with_mailbox(second), lambda c: has_second_factor(c) and _adding_email(c)),
        _row(
            "A1",
            (frozenset({S.AGED_SECOND_FACTOR}),),
            lambda c: has_second_factor(c) and _removing(c),
        ),
        _row("A2", _PASSWORD, lambda c: password_enough(c) and _setting(c)),
        _row("A2", _with_mailbox(_PASSWORD), lambda c: password_enough(c) and _adding_email(c)),
        _row("A2", _AGED_PASSWORD, lambda c: password_enough(c) and _removing(c)),
        _row("A2", _TWO, lambda c: not has_second_factor(c) and _setting(c)),
        _row("A2", _with_mailbox(_TWO), lambda c: not has_second_factor(c) and _adding_email(c)),
        _row("A2", _AGED_TWO, lambda c: not has_second_factor(c) and _removing(c)),
        _row("A3", alone, lambda c: unprotected(c) and _setting(c) and not _restoring(c)),
        _row("A3", alone, lambda c: unprotected(c) and c.ask.purpose is Purpose.ACCOUNT_CLOSE),
        _row("A3", _with_mailbox(alone), lambda c: unprotected(c) and _adding_email(c)),
        _row("A4", _AT_HOME, _reporting),
        _row(
            "A4",
            (frozenset({S.AGED_SECOND_FACTOR}),),
            lambda c: has_second_factor(c) and _reporting(c),
        ),
        _row(
            "A4",
            (frozenset({S.AGED_PASSWORD}), frozenset({S.AGED_EMAIL})),
            lambda c: not has_second_factor(c) and _reporting(c),
        ),
    )


def _restoring(case: Case) -> bool:
    return case.ask.purpose is Purpose.SMS_RESTORE


def lives_for(purpose: Purpose, policy: Policy) -> Ms:
    """How long its request may be answered: a code to a new mailbox takes its time."""
    if purpose is Purpose.EMAIL_ADD:
        return policy.email_verify_h * HOUR
    return policy.request_ttl_s * SECOND


ROWS = _rows()

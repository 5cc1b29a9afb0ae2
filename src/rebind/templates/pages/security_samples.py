"""Samples of the check-up, of the mailboxes, and of what to do when the phone is lost.

Data, like `samples.py`, which shows them with the rest: a page that gets a state gets a sample.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from rebind.domain.checkup import Finding, Found, Guard
from rebind.domain.evidence import Proof
from rebind.domain.units import DAY, HOUR, Id, Ms
from rebind.templates.pages.views import Form

HOME = "/security"


class Checkup(msgspec.Struct, frozen=True):
    """As `flows.checkup.CheckupView`."""

    guards: dict[Proof, Guard]
    findings: tuple[Found, ...] = ()
    confirmed_at: Ms = 0
    sms_off_at: Ms | None = None
    sessions: int = 1
    alone: bool = False


class Email(msgspec.Struct, frozen=True):
    """As `flows.emails.EmailView`."""

    id: Id
    address: str
    primary: bool
    set_at: Ms
    counts_from: Ms


def all_samples(account: Any, now: Ms) -> Iterator[tuple[str, str, str, bool, dict[str, Any]]]:
    """The fields of each sample."""
    for name, checkup, done in _checkups(now):
        context = {"account": account, "waiting": [], "checkup": checkup, "done": done}
        yield "security/checkup", name, HOME, True, context
    doubted = msgspec.structs.replace(account, level="probation")
    context = {"account": doubted, "waiting": [], "checkup": None, "done": None}
    yield "security/checkup", "probation", HOME, True, context
    for name, given in _emails(now):
        path = f"{HOME}/emails"
        yield "security/emails", name, path, True, {"account": account, **given}
    old = Guard(Proof.PASSKEY, 1, now - 90 * DAY, now - 83 * DAY)
    some, none = Checkup({Proof.PASSKEY: old}), Checkup({}, alone=True)
    off = msgspec.structs.replace(some, sms_off_at=now - HOUR)
    refused = Form({}, {"": "The account has no proof that would be enough on this device."})
    for name, checkup, form in (
        ("", some, Form()),
        ("alone", none, refused),
        ("off", off, Form()),
    ):
        context = {"account": account, "checkup": checkup, "form": form}
        yield "security/lost_phone", name, f"{HOME}/lost-phone", True, context


def _checkups(now: Ms) -> Iterator[tuple[str, Checkup, str | None]]:
    young, since = now + 5 * DAY, now - 2 * DAY
    whole = [
        Guard(Proof.PASSKEY, 2, now - 90 * DAY, now - 83 * DAY),
        Guard(Proof.TOTP, 1, now - 90 * DAY, now - 83 * DAY),
        Guard(Proof.RECOVERY_CODE, 9, now - 90 * DAY, now - 83 * DAY),
        Guard(Proof.PASSWORD, 1, now - 90 * DAY, now - 83 * DAY),
        Guard(Proof.CODE_EMAIL, 2, now - 90 * DAY, now - 83 * DAY),
    ]
    alone = (
        Found(Finding.NO_OTHER_WAY_IN),
        Found(Finding.NO_EMAIL),
        Found(Finding.NO_SECOND_FACTOR),
    )
    yield "alone", Checkup({}, alone, alone=True), None
    yield "whole", Checkup({guard.proof: guard for guard in whole}), "sms_restored"
    few = [Guard(proof, 1, since, young) for proof in (Proof.PASSKEY, Proof.RECOVERY_CODE)]
    rest = (
        Found(Finding.SMS_OFF),
        Found(Finding.NUMBER_UNCONFIRMED),
        Found(Finding.NO_RECOVERY_CODES),
        Found(Finding.ONE_EMAIL),
        Found(Finding.PASSWORD_SHORT, Proof.PASSWORD),
        Found(Finding.FEW_RECOVERY_CODES, amount=1),
        *(Found(Finding.FACTOR_YOUNG, guard.proof, young) for guard in whole),
        Found(Finding.MANY_SESSIONS, amount=7),
    )
    mixed = Checkup({guard.proof: guard for guard in few}, rest, sms_off_at=now - HOUR)
    yield "everything", mixed, None


def _emails(now: Ms) -> Iterator[tuple[str, dict[str, Any]]]:
    old, young = now - 90 * DAY, now - DAY
    mine = [
        Email(b"\x01" * 16, "anna@example.org", True, old, old + 7 * DAY),
        Email(b"\x02" * 16, "anna.second@example.net", False, young, young + 7 * DAY),
    ]
    given: dict[str, Any] = {"emails": mine, "full": False, "done": None, "form": Form()}
    yield "", given
    yield "none", {**given, "emails": []}
    yield "added", {**given, "done": "added"}
    yield "removed", {**given, "emails": mine[:1], "done": "removed"}
    wrong = Form({"about": "anna@"}, {"about": "This is not an e-mail address."})
    yield "wrong", {**given, "form": wrong}
    yield "full", {**given, "full": True, "form": Form({}, {"": "There are too many."})}

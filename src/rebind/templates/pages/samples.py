"""A sample context of every page, and more where a state looks different.

For: the tests, which render each in each language, and `make pictures`, which shows them side by
side. Refuses nothing; it is data. A new page is not done before it stands here: a test compares
this list with the folders. The structs have the fields of the flows' views, which templates may not
import. Neighbours: `views.py`, the package's `render`.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from rebind.domain.acts import Act, Door
from rebind.domain.evidence import Proof
from rebind.domain.policy import Policy
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, HOUR, MINUTE, SECOND, Id, Ms
from rebind.templates.pages import (
    closing_samples,
    console_case_samples,
    console_samples,
    passkey_samples,
    password_samples,
    recover_samples,
    security_samples,
    support_samples,
    totp_samples,
)
from rebind.templates.pages.views import Form, NoticeView, RequestPage, Work

NOW: Ms = 1_764_000_000_000
"""24 November 2025, 16:00 UTC."""

_OLD, _NEW, _MAIL = "+7••••••••67", "+7••••••••33", "a•••@example.org"
_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"
C_NEW, C_NOW, C_MAIL = Proof.CODE_NEW, Proof.CODE_CURRENT, Proof.CODE_EMAIL
PASSWORD, TOTP, PASSKEY, PRINTED = (
    Proof.PASSWORD,
    Proof.TOTP,
    Proof.PASSKEY,
    Proof.RECOVERY_CODE,
)
_FIRST = ((C_NOW,), (PASSWORD,), (PASSKEY,))
_SECOND = ((PASSKEY,), (TOTP,), (PRINTED,))
_OPTIONS = {"challenge": "AAAA", "rpId": "localhost", "userVerification": "required"}
_ALL_WAYS = ((C_NOW, C_NEW), (C_MAIL, C_NEW), (C_NEW,))


class Sample(msgspec.Struct, frozen=True):
    """One page in one state. `name` says what is special about it."""

    page: str
    name: str
    path: str
    signed_in: bool
    context: dict[str, Any]


class Account(msgspec.Struct, frozen=True):
    """As `flows.account.AccountView`."""

    id: Id = bytes(16)
    state: str = "active"
    number: str = "+79161234567"
    region: str = "RU"
    bound_at: Ms = NOW - 365 * DAY
    confirmed_at: Ms = NOW - 3 * DAY
    enrolled_at: Ms = NOW - 365 * DAY
    locale: str = "ru"
    level: str = "full"


class Binding(msgspec.Struct, frozen=True):
    """As `flows.account.BindingView`."""

    number: str
    region: str
    bound_at: Ms
    confirmed_at: Ms
    released_at: Ms | None
    reason: str | None


class Session(msgspec.Struct, frozen=True):
    """As `flows.sessions.SessionView`."""

    id: Id
    current: bool
    level: str
    opened_at: Ms
    expires_at: Ms
    seen_at: Ms
    address: str
    agent: str
    proofs: tuple[Proof, ...]
    aal: str


class Ways(msgspec.Struct, frozen=True):
    """As `flows.account.WaysInView`."""

    enrolled_at: Ms = NOW - 800 * DAY
    number: str = _OLD
    emails: tuple[str, ...] = ()
    passkeys: int = 0
    password: bool = False
    totp: bool = False
    recovery_codes: bool = False


class Happened(msgspec.Struct, frozen=True):
    """As `store.acts.StoredAct`."""

    id: Id
    act: str
    actor: str
    door: str
    at: Ms
    why: str | None = None


class Code(msgspec.Struct, frozen=True):
    """As `flows.desk.SentCode`."""

    proof: Proof
    to: str
    at: Ms = NOW - 20 * SECOND
    expires_at: Ms = NOW + 10 * MINUTE
    again_at: Ms = NOW + 40 * SECOND
    tries_left: int = 5


class Request(msgspec.Struct, frozen=True):
    """As `flows.desk.RequestView`."""

    kind: str
    state: str = "open"
    needs: tuple[tuple[Proof, ...], ...] = ()
    sent: tuple[Code, ...] = ()
    number: str = _NEW
    wait_until: Ms | None = None
    row: str | None = None
    expires_at: Ms = NOW + HOUR
    id: Id = (NOW - 2 * MINUTE).to_bytes(6, "big") + bytes(range(10))
    purpose: str | None = None
    about: str = ""
    passkey: dict[str, Any] | None = None
    beside: tuple["Request", ...] = ()
    case: str | None = None
    contested: bool = False
    elsewhere: bool = False


WAITING = Request(
    "change",
    "waiting",
    ((C_NOW,), (C_MAIL,)),
    wait_until=NOW + 14 * DAY,
    row="C5",
)
ELSEWHERE = msgspec.structs.replace(WAITING, elsewhere=True)
READY = Request(
    "change",
    "ready",
    ((C_NEW,),),
    (Code(C_NEW, _NEW),),
    wait_until=NOW - HOUR,
    row="C5",
    expires_at=NOW + 7 * DAY,
    id=(NOW - 14 * DAY).to_bytes(6, "big") + bytes(10),
)
RECOVERY = Request("recover", "waiting", wait_until=NOW + 3 * DAY, row="R2")
_NOTICE = NoticeView("change", _OLD, _NEW, NOW - HOUR, NOW + 3 * DAY)
_BEGUN = NoticeView("change", _OLD, _NEW, NOW - HOUR, None)
_WRONG = Form({"number": "+7 916 123"}, {"number": "Please check the digits."})
_WORK = Work("c5f.challenge", 18, NOW + HOUR)
_WAIT = Form({"number": "+7 916 123-45-67"}, {"": "Too many requests."}, _WORK)
_AWAY = Form({"number": "", "next": "/phone/change"})


def all_samples() -> Iterator[Sample]:
    """Every page × state."""
    yield from _outside()
    yield from _open_requests()
    yield from _factor_requests()
    yield from _other_requests()
    recovery = Request("recover"), Code(C_MAIL, _MAIL)
    yield from (Sample(*each) for each in recover_samples.all_samples(*recovery, NOW))
    case = Request("case"), Code(Proof.CODE_CONTACT, _MAIL)
    yield from (Sample(*each) for each in support_samples.all_samples(*case, Account(), NOW))
    yield from _inside()


def common(sample: Sample) -> dict[str, Any]:
    """What the page is given beside `site`: what every page is given, and its own."""
    always = {"path": sample.path, "csrf": "c5f" * 10, "signed_in": sample.signed_in, "now": NOW}
    return always | sample.context


def _outside() -> Iterator[Sample]:
    def page(page: str, name: str, path: str, **context: Any) -> Sample:
        return Sample(page, name, path, False, context)

    yield page("landing", "", "/")
    yield page("sign_up/number", "", "/sign-up", form=Form())
    yield page("sign_up/number", "wrong", "/sign-up", form=_WRONG)
    yield page("sign_in/number", "", "/sign-in", form=Form())
    yield page("sign_in/number", "away", "/sign-in?next=/phone/change", form=_AWAY)
    yield page("sign_in/number", "wait", "/sign-in", form=_WAIT)
    yield page("sign_in/password", "", "/sign-in/password", form=Form())
    typed = {"name": "anna@example.org", "next": "/sessions"}
    for name, errors in (
        ("unmatched", {"": "That does not match."}),
        ("wrong", {"name": "Check."}),
    ):
        yield page("sign_in/password", name, "/sign-in/password", form=Form(typed, errors))
    yield page("sign_in/not_mine", "", "/sign-in/not-mine")
    yield page("undo/begin", "", "/undo", form=Form())
    yield page("undo/link", "", "/undo/t0ken", what=_NOTICE, form=Form())
    yield page("stop/confirm", "", "/stop/t0ken", what=_NOTICE, form=Form())
    yield page("stop/confirm", "begun", "/stop/t0ken", what=_BEGUN, form=Form())
    yield page("stop/done", "", "/stop/t0ken", what=_NOTICE)
    yield Sample("stop/done", "signed-in", "/stop/t0ken", True, {"what": _NOTICE})
    for code, signed_in in (("path_unknown", False), ("try_again", True), ("session_ended", False)):
        told = {"title": "Title.", "text": "What to do next.", "code": code}
        yield Sample("error", code, "/nowhere", signed_in, told)


def _request(name: str, view: Request, signed_in: bool, page: RequestPage | None = None) -> Sample:
    context = {"view": view, "page": page or RequestPage()}
    path = f"/requests/{view.id.hex()}"
    return Sample("requests/show", f"{view.kind}-{name}", path, signed_in, context)


def _open_requests() -> Iterator[Sample]:
    to_new, to_now, to_mail = Code(C_NEW, _NEW), Code(C_NOW, _OLD), Code(C_MAIL, _MAIL)
    yield _request("open", Request("enrol", needs=((C_NEW,),), sent=(to_new,)), False)
    sign_in = Request("sign_in", needs=_FIRST, sent=(to_now,), number=_OLD, passkey=_OPTIONS)
    yield _request("open", sign_in, False)
    mistaken = RequestPage(Form(errors={"code_current": "The code does not match."}))
    late = Code(C_NOW, _OLD, again_at=NOW - 1, tries_left=2)
    yield _request("wrong", msgspec.structs.replace(sign_in, sent=(late,)), False, mistaken)
    spent = Code(C_NOW, _OLD, tries_left=0)
    yield _request("spent", msgspec.structs.replace(sign_in, sent=(spent,)), False)
    second = Request("sign_in", needs=((C_MAIL,),), number=_OLD)
    yield _request("email", second, False)
    yield _request("no-way", Request("sign_in", needs=((Proof.KNOWN_DEVICE,),)), False)
    yield _request("open", Request("undo", needs=((C_MAIL,),), sent=(to_mail,)), False)
    change = Request("change", needs=_ALL_WAYS, sent=(to_now, to_new))
    yield _request("open", change, True)
    yield _request("first", msgspec.structs.replace(change, sent=(to_now,)), True)
    yield _request("no-current", msgspec.structs.replace(change, sent=(to_new,)), True)
    expired = Code(C_MAIL, _MAIL, expires_at=NOW, again_at=NOW)
    with_mail = msgspec.structs.replace(change, sent=(to_now, to_new, expired))
    yield _request("email", with_mail, True, RequestPage(_WAIT))
    yield _request("second", Request("change", needs=((C_NEW,),)), True)


def _factor_requests() -> Iterator[Sample]:
    """With something beside codes: at sign-in, and before something sensitive."""
    sign_in = Request("sign_in", needs=_SECOND, number=_OLD, passkey=_OPTIONS)
    yield _request("second-factor", sign_in, False)
    wrong = RequestPage(Form(errors={"totp": "That does not match."}))
    yield _request("second-wrong", sign_in, False, wrong)
    app = msgspec.structs.replace(sign_in, needs=((TOTP,), (PRINTED,)), passkey=None)
    yield _request("second-app", app, False)
    alone = Request("sign_in", needs=((PASSKEY,),), number="", passkey=_OPTIONS)
    yield _request("passkey", alone, False)
    locked = Request("sign_in", needs=((C_NOW, PASSWORD), (C_NOW, C_MAIL)), number=_OLD)
    yield _request("password", msgspec.structs.replace(locked, sent=(Code(C_NOW, _OLD),)), False)
    again = Request("reauthenticate", needs=_SECOND, number="", passkey=_OPTIONS)
    for purpose in Purpose:
        about = _MAIL if purpose is Purpose.EMAIL_ADD else ""
        needs = tuple((*way, C_NEW) for way in _SECOND) if about else _SECOND
        asked = msgspec.structs.replace(again, purpose=purpose, number=about, needs=needs)
        yield _request(purpose, asked, True)
    plain = Request("reauthenticate", needs=((PASSWORD,), (C_NOW, C_MAIL)), purpose="password_set")
    yield _request("plain", plain, True)
    mail = Request(
        "reauthenticate",
        needs=((PASSWORD, C_NEW), (C_NOW, C_NEW), (C_NOW, C_MAIL, C_NEW)),
        sent=(Code(C_NEW, _MAIL),),
        number=_MAIL,
        purpose="email_add",
    )
    yield _request("mail", mail, True)
    for state in ("done", "cancelled", "expired", "refused"):
        yield _request(state, Request("reauthenticate", state, purpose="totp_set"), True)
    strong = Request("change", needs=tuple((*way, C_NEW) for way in _SECOND), passkey=_OPTIONS)
    yield _request("strong", msgspec.structs.replace(strong, sent=(Code(C_NEW, _NEW),)), True)


def _other_requests() -> Iterator[Sample]:
    told = RequestPage(told=(_OLD, _NEW, _MAIL))
    yield _request("waiting", WAITING, True, told)
    yield _request("waiting-other", ELSEWHERE, True, RequestPage(owner=False))
    there = msgspec.structs.replace(READY, elsewhere=True)
    yield _request("ready-other", there, True, RequestPage(owner=False))
    resuming = Request("reauthenticate", needs=_SECOND, purpose="request_resume", passkey=_OPTIONS)
    yield _request("resuming", resuming, True)
    short = msgspec.structs.replace(WAITING, needs=(), wait_until=NOW + DAY, row="C4")
    yield _request("waiting-short", short, False)
    yield _request("ready", READY, True)
    changed = RequestPage(old=_OLD, undo_until=NOW + 3 * DAY)
    for kind in ("enrol", "sign_in", "change", "undo"):
        inside = kind == "change"
        done = Request(kind, "done", row="U1" if kind == "undo" else None)
        yield _request("done", done, kind != "undo", changed if inside else None)
        if inside:
            yield _request("done-plain", done, True)
        for state in ("cancelled", "expired", "refused"):
            yield _request(state, Request(kind, state), inside)
    yield _request("frozen", Request("undo", "done", row="U2"), False)
    yield _request("objected", Request("change", "objected"), True)
    yield _request("objected-other", Request("change", "objected"), True, RequestPage(owner=False))


def _inside() -> Iterator[Sample]:
    def page(page: str, name: str, path: str, **context: Any) -> Sample:
        return Sample(page, name, path, True, context)

    account, probation = Account(), Account(number=_OLD, level="probation")
    own: tuple[tuple[str, str], ...] = (
        ("account/profile", "/profile"),
        ("account/settings", "/settings"),
        ("account/personal_data", "/settings/personal-data"),
    )
    for name, path in own:
        yield page(name, "", path, account=account, waiting=[])
        yield page(name, "waiting", path, account=account, waiting=[ELSEWHERE, RECOVERY])
        yield page(name, "probation", path, account=probation, waiting=[])
    for state in ("locked", "number_required"):
        unusual = Account(state=state)
        yield page("account/profile", state, "/profile", account=unusual, waiting=[READY])
    now = Binding(account.number, "RU", account.bound_at, account.confirmed_at, None, None)
    past = Binding("+4•••••••••56", "GB", NOW - 900 * DAY, NOW, NOW - 365 * DAY, "change")
    for name, bindings in (("", [now, past]), ("only", [now])):
        given = {"account": account, "bindings": bindings, "waiting": []}
        yield page("phone/show", name, "/phone", **given)
    change = {"account": account, "form": Form()}
    yield page("phone/change", "", "/phone/change", alone=False, **change)
    yield page("phone/change", "alone", "/phone/change", alone=True, **change)
    mended = Form({**_WRONG.values, "without_current": "yes"}, _WRONG.errors)
    yield page("phone/change", "wrong", "/phone/change", account=account, form=mended, alone=False)
    yield page("phone/unlink", "", "/phone/unlink", account=account)
    sessions = [
        _session(1, NOW - DAY, "203.0.113.7", _CHROME, (PASSKEY,), current=True),
        _session(2, NOW - 9 * DAY, "2001:db8::17", _IPHONE, (C_NOW, Proof.KNOWN_DEVICE)),
        _session(3, NOW - 20 * DAY, "198.51.100.24", ""),
    ]
    yield page("sessions/list", "", "/sessions", sessions=sessions)
    yield page("sessions/list", "only", "/sessions", sessions=sessions[:1])
    yield page("sessions/not_mine", "", "/sessions/not-mine", account=account, waiting=[])
    for of_factors in (passkey_samples, password_samples, security_samples, totp_samples):
        yield from (Sample(*each) for each in of_factors.all_samples(account, NOW))
    closing = closing_samples.all_samples(account, probation, WAITING, NOW)
    yield from (Sample(*each) for each in closing)
    yield from (Sample(*each) for each in console_samples.all_samples(NOW))
    yield from (Sample(*each) for each in console_case_samples.all_samples(NOW))
    plain, asks = Form({"next": ""}), Form({"next": "/phone"})
    yield page("sign_in/check", "", "/sign-in/check", account=account, ways=Ways(), form=plain)
    more = Ways(emails=(_MAIL, "b•••@example.net"), passkeys=2, password=True, totp=True)
    yield page("sign_in/check", "more", "/sign-in/check", account=account, ways=more, form=asks)
    acts = [
        Happened(bytes([i] * 16), act, "holder", door, NOW - i * HOUR)
        for i, (act, door) in enumerate(zip(Act, [*Door] * len(Act), strict=False), 1)
    ]
    yield page("history/list", "", "/history", acts=acts, older="0f" * 16)
    yield page("history/list", "empty", "/history", acts=[], older=None)


def _session(
    serial: int,
    opened: Ms,
    address: str,
    agent: str,
    proofs: tuple[Proof, ...] = (),
    current: bool = False,
) -> Session:
    return Session(
        bytes([serial] * 16),
        current,
        "full",
        opened,
        Policy().session_ends(opened, NOW),
        NOW - serial * 5 * MINUTE,
        address,
        agent,
        proofs,
        "aal2" if PASSKEY in proofs else "aal1",
    )

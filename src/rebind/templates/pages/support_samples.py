"""Sample contexts of the pages of the support desk, from the person's side, as `samples.py` lists
them with all others.

For: tests and pictures. Refuses nothing; it is data, made of the request, the code and the account
that it is given: their structs stand in `samples.py`, which imports this file.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, TypeVar

import msgspec

from rebind.domain.cases import CaseKind, CaseState
from rebind.domain.evidence import Proof
from rebind.domain.units import DAY, HOUR, Id, Ms
from rebind.templates.pages.views import Form, NoticeView, RequestPage

_NEW, _MAIL, _LINK = "+7••••••••33", "a•••@example.org", "t0ken"
_CASE = f"/support/{_LINK}"
_ID: Id = bytes(16)

Given = TypeVar("Given", bound=msgspec.Struct)
_Fields = tuple[str, str, str, bool, dict[str, Any]]
_with = msgspec.structs.replace


class Message(msgspec.Struct, frozen=True):
    """As `flows.desk.caseviews.MessageView`."""

    ours: bool
    text: str | None
    at: Ms
    by_desk: bool = False


class Document(msgspec.Struct, frozen=True):
    """As `flows.desk.caseviews.DocumentView`."""

    kind: str
    pages: int
    at: Ms
    destroyed_at: Ms | None = None


class Case(msgspec.Struct, frozen=True):
    """As `flows.desk.caseviews.CaseView`."""

    opened_at: Ms
    kind: str = "lost_access"
    state: str = "new"
    messages: tuple[Message, ...] = ()
    documents: tuple[Document, ...] = ()
    answer_by: date | None = None
    reply_by: date | None = None
    closed_at: Ms | None = None
    may_write: bool = True
    room: int = 12
    open_until: Ms | None = None
    id: Id = _ID
    reference: str = "7K3M9-QXF2T"
    contact: str = _MAIL
    link: str = _LINK
    number: str = _NEW


_DAY = date(2025, 11, 26)


def all_samples(
    request: msgspec.Struct, code: msgspec.Struct, account: msgspec.Struct, now: Ms
) -> Iterator[_Fields]:
    """The fields of each `Sample`. `request`: of kind case, just begun; `code`: one that was just
    sent to the contact."""
    yield "support/ladder", "", "/support", False, {}
    yield "support/ladder", "signed-in", "/support", True, {}
    yield from _letters(account)
    yield from _drafts(now)
    yield from _requests(request, code)
    fresh = Case(now, answer_by=_DAY)
    yield "support/received", "", f"/requests/{'0f' * 16}", False, {"case": fresh}
    some = [
        Case(now - number * DAY, kind, state)
        for number, (kind, state) in enumerate(zip(CaseKind, [*CaseState][1:], strict=False))
    ]
    yield "support/mine", "", "/cases", True, {"account": account, "cases": some}
    yield "support/mine", "empty", "/cases", True, {"account": account, "cases": []}
    yield from _cases(fresh, now)
    yield from _agreed(request, now)
    yield from _contested(request, now)


def _letters(account: msgspec.Struct) -> Iterator[_Fields]:
    for kind in ("lost_access", "number_in_use", "not_me", "other"):
        form = Form({"kind": kind})
        path = f"/support/new?kind={kind}"
        yield "support/new", kind, path, False, {"form": form, "inside": False}
        if kind in ("lost_access", "not_me"):
            inside = {"form": form, "inside": True, "account": account}
            yield "support/new", f"{kind}-inside", path, True, inside
    typed = {
        "kind": "lost_access",
        "claimed": "+7 916 123",
        "contact": "a@",
        "message": "<b>\nWhat now?",
    }
    for field in ("claimed", "message", ""):
        form = Form({**typed, "number": "12"}, {field: "Please look at it again."})
        context = {"form": form, "inside": False}
        yield "support/new", f"wrong-{field or 'all'}", "/support/new", False, context


class Draft(msgspec.Struct, frozen=True):
    """As `flows.case_opening.DraftView`."""

    until: Ms
    messages: tuple[Message, ...]
    kind: str = "lost_access"
    claimed: str = "+7••••••••67"
    wants: bool = True
    contact: str = _MAIL
    reference: str = "7K3M9-QXF2T"
    link: str = _LINK


def _drafts(now: Ms) -> Iterator[_Fields]:
    dictated = Message(True, "The phone fell into the river.\n\n<b>What now?</b>", now, True)
    whole = Draft(now + 7 * DAY, (dictated,))
    again = _with(whole, messages=(dictated, Message(True, "It was a lake.", now)))
    other = _with(whole, kind="other", claimed="", wants=False)
    typed = {"number": "12", "message": "It was a lake."}
    wrong = Form(typed, {"number": "Please look at it again."})
    for name, draft, form in (
        ("", whole, Form()),
        ("again", again, Form()),
        ("other", other, Form()),
        ("wrong", whole, wrong),
    ):
        path = f"/support/draft/{_LINK}"
        yield "support/draft", name, path, False, {"draft": draft, "form": form}


def _requests(request: Given, code: msgspec.Struct) -> Iterator[_Fields]:
    contact, new = Proof.CODE_CONTACT, Proof.CODE_NEW
    to_new = _with(code, proof=new, to=_NEW)
    both = _with(request, needs=((contact, new),), sent=(code, to_new))
    states = [
        ("both", both),
        ("unsent", _with(both, sent=())),
        ("cancelled", _with(request, state="cancelled")),
        ("expired", _with(request, state="expired")),
    ]
    for name, view in states:
        path = f"/requests/{getattr(view, 'id', _ID).hex()}"
        yield "requests/show", f"case-{name}", path, False, {"view": view, "page": RequestPage()}


def _thread(now: Ms) -> tuple[Message, ...]:
    evil = "<script>alert(1)</script> http://example.com/"
    return (
        Message(True, "My phone fell into the river.\n\nWhat now?", now - 3 * DAY, True),
        Message(False, "Good day.\nPlease send the page of your passport.", now - 2 * DAY),
        Message(False, None, now - DAY),
        Message(True, "", now - 2 * HOUR),
        Message(True, evil + "x" * 200, now - HOUR),
    )


def _shown(name: str, case: Case, **more: Any) -> _Fields:
    inside = bool(more.pop("signed_in", False))
    given = {"recovery": None, "words": Form(), "paper": Form(), "megabytes": 20, **more}
    return "support/case", name, _CASE, inside, {"case": case, **given}


def _cases(fresh: Case, now: Ms) -> Iterator[_Fields]:
    told = _with(fresh, messages=_thread(now))
    paper = Document("identity", 1, now - HOUR)
    gone = Document("operator_contract", 3, now - 40 * DAY, now - DAY)
    yield _shown("new", told)
    yield _shown("inside", _with(told, kind="not_me", contact="", number=""), signed_in=True)
    asked = _with(told, state="waiting", answer_by=None, reply_by=_DAY)
    yield _shown("waiting", _with(asked, documents=(paper,), room=1))
    yield _shown("full", _with(told, state="open", documents=(paper,) * 12, room=0))
    decided = _with(told, state="decided", answer_by=None)
    yield _shown("decided", decided)
    closed = _with(decided, state="closed", closed_at=now - 2 * DAY, open_until=now + 12 * DAY)
    yield _shown("closed", closed)
    long_ago = _with(closed, closed_at=now - 40 * DAY, may_write=False, documents=(gone,))
    yield _shown("closed-for-good", long_ago)
    written = Form({"message": "And so on <b>"}, {"message": "The message is too long."})
    yield _shown("too-long", told, words=written)
    refused = Form({"kind": "operator_contract"}, {"": "This kind of file cannot be used."})
    yield _shown("refused-file", told, paper=refused)


def _agreed(request: Given, now: Ms) -> Iterator[_Fields]:
    case = Case(now - 3 * DAY, state="decided", messages=_thread(now))
    recovery = _with(request, kind="recover", number=_NEW, wait_until=now + 3 * DAY, row="R4")
    for state in ("open", "waiting", "ready", "done", "objected", "expired"):
        yield _shown(f"agreed-{state}", case, recovery=_with(recovery, state=state))


def _contested(request: Given, now: Ms) -> Iterator[_Fields]:
    holder = Case(now, kind="contested", answer_by=_DAY, room=0, contact="")
    yield _shown("contested-holder", holder)
    for kind in ("change", "recover"):
        view = _with(request, kind=kind, state="objected", case=_LINK)
        context = {"view": view, "page": RequestPage()}
        yield "requests/show", f"{kind}-contested", f"/requests/{'0f' * 16}", False, context
    what = NoticeView("change", "+7••••••••67", _NEW, now, now, _LINK)
    yield "stop/done", "contested", "/stop/t0ken", False, {"what": what}

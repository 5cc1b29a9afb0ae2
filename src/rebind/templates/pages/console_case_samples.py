"""Sample contexts of the console's pages about cases and figures, as `samples.py` lists them with
all others.

For: tests and pictures. Refuses nothing; it is data. Neighbours: `console_case_values.py` has what
they are made of, `console_samples.py` who is signed in.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec

from rebind.domain.cases import (
    OPENED_BY_PEOPLE,
    REASONS,
    CaseKind,
    DocumentKind,
    Fact,
    Reason,
    Side,
    Verdict,
)
from rebind.domain.evidence import CarrierFacts, Proof, SimAnswer, SubscriberAnswer
from rebind.domain.letters import Manner
from rebind.domain.operators import Role
from rebind.domain.units import DAY, HOUR, MINUTE, Ms
from rebind.templates.macros import MACROS
from rebind.templates.pages.console_case_values import (
    ID,
    MAIL,
    NEW,
    OLD,
    Account,
    Act,
    Ages,
    Binding,
    Brief,
    Case,
    Days,
    Document,
    Figures,
    Page,
    Prospect,
    Row,
    Said,
    Step,
    Summary,
    Tab,
    Times,
)
from rebind.templates.pages.console_samples import Me, me
from rebind.templates.pages.views import Form

_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36"
_HERE = f"/console/cases/{ID.hex()}"
_BLANK = dict.fromkeys(("message", "to", "number", "reason", "decision", "login"), "")
_Fields = tuple[str, str, str, bool, dict[str, Any]]
_with = msgspec.structs.replace


TABS = (
    Tab("mine", "Mine", False),
    Tab("decide", "For my decision", False),
    Tab("new", "New"),
    Tab("open", "Our turn"),
    Tab("waiting", "Their turn"),
    Tab("all", "All"),
)


def all_samples(now: Ms) -> Iterator[_Fields]:
    """The fields of each `Sample`."""
    yield from _figures()
    yield from _queue(now)
    yield from _cases(now)
    yield from _documents(now)


def _figures() -> Iterator[_Fields]:
    since = date(2025, 11, 11)

    def days(*counts: int) -> Days:
        spans = ((since + timedelta(days=n), count) for n, count in enumerate(counts))
        return Days(tuple(spans), since)

    usual = Figures(
        (
            Ages("new", (9, 3, 0, 0, 0)),
            Ages("open", (14, 22, 9, 2, 1)),
            Ages("waiting", (12, 31, 54, 40, 13), more=True),
        ),
        Times(5 * HOUR // 2, 7 * HOUR),
        Times(11 * HOUR, 26 * HOUR + HOUR // 2),
        300,
        211,
        89,
        True,
        days(0, 1, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 1),
        days(31, 28, 35, 40, 12, 9, 33, 41, 38, 30, 29, 11, 8, 17),
        days(3, 2, 4, 1, 0, 0, 2, 3, 5, 2, 1, 0, 0, 1),
    )
    nothing = days(0)
    empty = Figures(
        tuple(Ages(each.state, (0,) * 5) for each in usual.ages),
        Times(),
        Times(),
        0,
        0,
        0,
        False,
        nothing,
        nothing,
        nothing,
    )
    busy = msgspec.structs.replace(
        usual, changes=days(104_711, *[98_320, 71_004] * 6, 41_377), recoveries=days(1_204)
    )
    for name, role, found in (
        ("", Role.OPERATOR, usual),
        ("busy", Role.AUDITOR, busy),
        ("empty", Role.ADMINISTRATOR, empty),
    ):
        given = {"me": me(role, "olga"), "found": found, "ages": (1, 3, 7, 14), "days": 28}
        yield "console/figures", name, "/console/figures", True, given


def _summaries(now: Ms) -> tuple[Summary, ...]:
    def case(number: int, kind: str, state: str, due_at: Ms | None, **more: Any) -> Summary:
        known: dict[str, Any] = {
            "assignee": None,
            "locked_by": None,
            "second": None,
            "outcome": None,
            "about": OLD,
            **more,
        }
        reference = f"7K3M{number}-QXF2T"
        return Summary(
            bytes([number] * 16), reference, kind, state, now - number * DAY, due_at, **known
        )

    return (
        case(1, "lost_access", "new", now - 3 * HOUR),
        case(2, "contested", "open", now + 40 * MINUTE, assignee="olga", locked_by="olga"),
        case(3, "lost_access", "open", now + 5 * HOUR, assignee="sam", second="sam"),
        case(4, "number_in_use", "new", now + 26 * HOUR, locked_by="pavel"),
        case(5, "other", "waiting", now + 9 * DAY, about=MAIL, assignee="olga"),
        case(6, "lost_access", "decided", now + 3 * DAY, outcome="for"),
        case(7, "frozen", "closed", None, about=""),
    )


def _queue(now: Ms) -> Iterator[_Fields]:
    cases, who, home = _summaries(now), me(Role.OPERATOR, "olga"), "/console/cases"
    given: dict[str, Any] = {
        "me": who,
        "page": Page(cases),
        "tab": TABS[5],
        "tabs": TABS,
        "kind": None,
        "kinds": tuple(CaseKind),
        "after": "tab=all&after=1-00",
        "form": Form({"typed": ""}),
    }
    yield "console/cases", "", home, True, given
    mine = {**given, "tab": TABS[0], "page": Page(()), "after": None}
    yield "console/cases", "empty", home, True, mine
    wrong = Form({"typed": "what"}, {"typed": "Say it in other words."})
    narrowed = {**given, "kind": CaseKind.LOST_ACCESS, "form": wrong}
    yield "console/cases", "wrong", home, True, narrowed
    typed = Form({"typed": "4567"})
    found = {"me": who, "found": cases[:3], "form": typed, "case": None}
    yield "console/found", "", f"{home}/search", True, found
    yield "console/found", "none", f"{home}/search", True, {**found, "found": ()}
    within = {**found, "found": cases[2:4], "case": ID}
    yield "console/found", "number", f"{_HERE}/search", True, within
    yield from _opening(who, f"{home}/new")


def _opening(who: Me, here: str) -> Iterator[_Fields]:
    typed = {"kind": "lost_access", "claimed": "12", "message": "<b>", "locale": "ru"}
    blank = dict.fromkeys(("kind", "claimed", "contact", "message"), "") | {"locale": "en"}
    wrong = Form(blank | typed, {"claimed": "Please look at it again."})
    for name, form, sent in (
        ("", Form(blank), None),
        ("sent", Form(blank), "7K3M9-QXF2T"),
        ("wrong", wrong, None),
    ):
        given = {"me": who, "form": form, "kinds": OPENED_BY_PEOPLE, "sent": sent}
        yield "console/opening", name, here, True, given


def _thread(now: Ms, *sides: Side) -> tuple[Said, ...]:
    texts = {
        Side.PERSON: "Телефон упал в реку.\n\nЧто теперь? <script>alert(1)</script>",
        Side.HOLDER: "Это не я, номер мой.",
        Side.DESK: "Здравствуйте.\nПришлите, пожалуйста, страницу паспорта.",
        Side.DESK_TO_HOLDER: "Здравствуйте. Мы разбираемся.",
        Side.NOTE: None,
        Side.BOUNCE: None,
    }
    came = {
        Side.HOLDER: (Manner.MAIL, Manner.FROM_OTHER, Manner.CUT),
        Side.PERSON: (Manner.MAIL, Manner.ATTACHED),
    }
    authors = {Side.DESK: "olga", Side.DESK_TO_HOLDER: "sam", Side.NOTE: "sam"}
    return tuple(
        Said(
            bytes([9, n] * 8),
            side,
            authors.get(side),
            texts[side],
            now - (9 - n) * HOUR,
            came.get(side, ()) if n else (),
        )
        for n, side in enumerate(sides)
    )


def _papers(now: Ms) -> tuple[Document, ...]:
    passport = Document(bytes([1] * 16), "identity", 1, "edited_picture no_camera", 1, "00" * 16)
    return (
        passport,
        Document(
            bytes([2] * 16), "operator_contract", 3, "", 0, "00" * 16,
            "matches", "number_history", "olga", now - HOUR,
        ),
        Document(
            bytes([3] * 16), "utility_bill", 1, "changed_pdf", 1, None,
            "does_not_match", None, "sam", now - DAY,
        ),
    )  # fmt: skip


def _account(now: Ms) -> Account:
    return Account(
        now - 800 * DAY,
        now - 90 * DAY,
        now - 20 * DAY,
        ((MAIL, now - 700 * DAY),),
        ((Proof.PASSWORD, now - 400 * DAY), (Proof.TOTP, now - 3 * DAY)),
        ((OLD, Binding(now - 300 * DAY)), (NEW, Binding(now - 800 * DAY, now - 300 * DAY))),
        ((_CHROME, now - 40 * DAY, now - 20 * DAY), ("", now - 90 * DAY, now - 80 * DAY)),
        carrier=CarrierFacts(SimAnswer.CHANGED, now - 5 * DAY, SubscriberAnswer.SAME),
        others=(
            Brief(bytes([8] * 16), "7K3M8-QXF2T", "contested", "open", None, now - DAY),
            Brief(bytes([6] * 16), "7K3M6-QXF2T", "lost_access", "decided", "for", now - 9 * DAY),
            Brief(bytes([5] * 16), "7K3M5-QXF2T", "other", "closed", None, now - 400 * DAY),
        ),
    )


def _shown(name: str, role: Role, case: Case, prospect: Prospect, **more: Any) -> _Fields:
    login = {Role.SUPERVISOR: "sam", Role.AUDITOR: "max"}.get(role, "olga")
    proposal = case.decisions[0] if case.row.second else None
    given = {
        "me": me(role, login, login.title()),
        "case": case,
        "kind": CaseKind(case.row.kind),
        "proved": (Proof.CODE_CONTACT, Proof.CODE_NEW),
        "prospect": prospect,
        "promised": date(2025, 11, 27),
        "tongue": case.row.locale,
        "macros": tuple(MACROS),
        "macro": None,
        "reasons": REASONS,
        "proposal": proposal,
        "done": None,
        "form": Form(_BLANK),
        "at": "",
        **more,
    }
    return "console/case", name, _HERE, True, given


def _cases(now: Ms) -> Iterator[_Fields]:
    operator, supervisor = Role.OPERATOR, Role.SUPERVISOR
    row = Row(now - 2 * DAY, now + 5 * HOUR)
    acts = (
        Act("case_seen", "operator:olga", now - MINUTE),
        Act("case_answered", "operator:olga", now - HOUR),
        Act("case_opened", "stranger", now - 2 * DAY),
    )
    written, *thread = _thread(now, Side.PERSON, Side.DESK, Side.NOTE, Side.BOUNCE, Side.PERSON)
    waits = Prospect("wait", "R4", now + 7 * DAY)
    # The first words were taken down by somebody at the desk, the last letter had none.
    told = (_with(written, author="pavel"), *thread, _with(written, text="", at=now - MINUTE))
    case = Case(row, told, _papers(now), (), _account(now), acts=acts)
    yield _shown("", operator, case, waits)
    yield _shown("macro", operator, case, waits, macro="documents_needed", done="taken")
    taken = _with(row, locked_by="pavel", locked_until=now + 9 * MINUTE, bounced_at=now - DAY)
    yield _shown("locked", operator, _with(case, row=taken), waits, done="noted")
    mine = _with(row, locked_by="olga", locked_until=now + 9 * MINUTE, locale="en", assignee=None)
    bare = Case(mine, (), claimed="", contact="")
    yield _shown("bare", operator, bare, Prospect("nothing"), proved=())
    step = Step(1, 1, Verdict.FOR, Reason.DOCUMENTS_MATCH, "olga", now - HOUR)
    proposed = _with(case, row=_with(row, second="sam"), decisions=(step,), carried=True)
    yield _shown("proposed", operator, proposed, waits, done="proposed")
    yield _shown("to-decide", supervisor, proposed, waits)
    yield _shown("stranded", operator, _with(proposed, stranded=True), waits, proposal=None)
    proved = Form(_BLANK | {"reason": "documents_match"})
    yield _shown("to-decide-proved", supervisor, proposed, waits, form=proved)
    reader = _shown("auditor", Role.AUDITOR, proposed, waits)
    yield reader
    confirmed = _with(step, step=2, operator="sam", at=now)
    decided = _with(row, state="decided", outcome="for", due_at=now + 14 * DAY)
    done = _with(proposed, row=decided, decisions=(step, confirmed))
    yield _shown("decided", operator, done, waits, done="confirmed")
    closed = _with(decided, state="closed", outcome=None, due_at=None)
    yield _shown("closed", operator, Case(closed, told), Prospect("nothing"), done="closed")
    yield from _told(case, now)


def _told(case: Case, now: Ms) -> Iterator[_Fields]:
    operator, row = Role.OPERATOR, case.row
    for name, prospect in (
        ("need", Prospect("need", ways=((Proof.CODE_NEW, Proof.TOTP), (Proof.PASSKEY,)))),
        ("no", Prospect("no", text="This number is taken. Choose another one.")),
    ):
        yield _shown(f"prospect-{name}", operator, case, prospect)
    locked = _with(_account(now), locked_at=now - DAY, carrier=None)
    other = _with(case, row=_with(row, kind="frozen"), account=locked)
    yield _shown("frozen", operator, other, Prospect("now", "R4"))
    sides = (Side.PERSON, Side.HOLDER, Side.DESK, Side.DESK_TO_HOLDER, Side.NOTE)
    both = _with(
        case,
        row=_with(row, kind="contested"),
        messages=_thread(now, *sides),
        account=_with(
            _account(now),
            frozen_at=now - DAY,
            mailboxes=(),
            factors=(),
            visits=(),
            others=(),
            carrier=CarrierFacts(subscriber=SubscriberAnswer.RECYCLED),
        ),
        contact="",
    )
    yield _shown("contested", Role.SUPERVISOR, both, Prospect("nothing"))
    for at, field in (
        ("answer", "message"),
        ("search", "number"),
        ("decision", ""),
    ):
        typed = {**_BLANK, "message": "Hello <b>", "number": "12", "login": "nobody", "to": "desk"}
        form = Form(typed, {field: "Please look at it again."})
        yield _shown(f"wrong-{at}", operator, case, Prospect("nothing"), form=form, at=at)


def _documents(now: Ms) -> Iterator[_Fields]:
    papers = _papers(now)
    case = Case(Row(now - DAY, now), (), papers)
    facts = tuple(fact for fact in Fact if fact is not Fact.NUMBER_HISTORY)
    refused = Form({}, {"": "Somebody else is answering this case."})
    for name, role, paper, form in (
        ("", Role.OPERATOR, papers[0], Form()),
        ("checked", Role.SUPERVISOR, papers[1], refused),
        ("deleted", Role.OPERATOR, papers[2], Form()),
    ):
        known = facts if paper.kind == DocumentKind.IDENTITY else (Fact.NUMBER_HISTORY,)
        given = {"me": me(role), "case": case, "document": paper, "facts": known, "form": form}
        path = f"{_HERE}/documents/{paper.id.hex()}"
        yield "console/document", name, path, True, given

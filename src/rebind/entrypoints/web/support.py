"""/support: writing to the support desk, and the page of a case, by its link.

Whoever is signed in writes from inside; everybody else says where an answer reaches them, and goes
on as with every request. Opening a link changes nothing. A case looks the same to whoever may read
it, and says nothing of whether there is an account. Neighbours: `requests.py` has the page of the
two codes, `uploads.py` the form with a file, `shared/casefile.py` the shape of what is downloaded.
"""

import msgspec

from rebind.domain import phone
from rebind.domain.cases import (
    DOCUMENT_BYTES_MAX,
    OPENED_BY_PEOPLE,
    CaseKind,
)
from rebind.domain.refusals import (
    CASE_KIND,
    EMAIL_MALFORMED,
    FORM_MALFORMED,
    MESSAGE_EMPTY,
    MESSAGE_TOO_LONG,
    Refusal,
    Refused,
)
from rebind.domain.rows import Level
from rebind.entrypoints.shared import bodies, casefile, forms
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.web import cookies
from rebind.entrypoints.web.account import inside
from rebind.entrypoints.web.entering import kept
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Bytes, Moved, Outcome, Page, Route, Visit
from rebind.flows import account, cases, correspondence, recover
from rebind.flows.account import AccountView
from rebind.flows.cases import Letter
from rebind.flows.desk import Desk
from rebind.flows.desk.intake import Intake
from rebind.templates import pages
from rebind.templates.catalogue import known
from rebind.templates.pages import Form

_FIELDS = ("kind", "message", "contact", "claimed", "number")
_WORDS, _PAPER = ("message",), ("kind",)
_OF_THE_MESSAGE = (MESSAGE_EMPTY, MESSAGE_TOO_LONG)
_MEGABYTES = DOCUMENT_BYTES_MAX // 2**20
_BY_VALUE = {kind.value: kind for kind in CaseKind}


class Support:
    """The handlers."""

    def __init__(self, desk: Desk, tools: Intake, explain: Explain) -> None:
        self._desk = desk
        self._tools = tools
        self._explain = explain

    async def ladder(self, visit: Visit) -> Outcome:
        """What can be done without us, and then how to write."""
        who = await account.show(self._desk, visit.caller)
        return Page("support/ladder", signed_in=not isinstance(who, Refused))

    async def form(self, visit: Visit) -> Outcome:
        """What is asked for, by what it is about."""
        kind = _BY_VALUE.get(visit.asked("kind") or "")
        if kind not in OPENED_BY_PEOPLE:
            return Moved("/support")
        return await self._asked(visit, forms.blank(_FIELDS, {"kind": kind}))

    async def write(self, visit: Visit) -> Outcome:
        """From inside a case is opened at once; from outside two codes leave first."""
        letter = _letter(visit)
        if letter is None:
            return Refused(CASE_KIND)
        if await self._inside(visit) is None:
            begun = await cases.begin(self._desk, visit.caller, letter)
            if isinstance(begun, Refused):
                return begun
            return Moved(f"/requests/{begun.id.hex()}", kept(self._desk, visit, begun))
        opened = await cases.open_signed_in(self._desk, visit.caller, letter)
        return opened if isinstance(opened, Refused) else Moved(f"/support/{opened.link}")

    async def write_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The form as it was filled in, message and all."""
        letter = _letter(visit)
        if letter is None:
            return refused
        text = self._explain(refused, visit.caller.locale)
        field = self._field(visit, letter, refused.refusal)
        return await self._asked(visit, forms.again(_FIELDS, visit.form, refused, text, field))

    def _field(self, visit: Visit, letter: Letter, refusal: Refusal) -> str:
        """Which field is wrong. Two of them are numbers: the flow looks at the new one first."""
        if refusal in _OF_THE_MESSAGE:
            return "message"
        if refusal is EMAIL_MALFORMED:
            return "contact"
        found = phone.parse(letter.number, self._desk.policy.countries, visit.caller.home)
        return "claimed" if isinstance(found, phone.Phone) or not letter.number else "number"

    async def _inside(self, visit: Visit) -> AccountView | None:
        """The account from inside which somebody writes. On probation nobody knows whose it is."""
        who = await account.show(self._desk, visit.caller)
        return None if isinstance(who, Refused) or who.level != Level.FULL else who

    async def _asked(self, visit: Visit, form: Form) -> Outcome:
        who = await self._inside(visit)
        if who is None:
            return Page("support/new", {"form": form, "inside": False})
        return inside("support/new", who, form=form, inside=True)

    async def mine(self, visit: Visit) -> Outcome:
        """The cases of the account."""
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        found = await cases.of_account(self._desk, visit.caller)
        return found if isinstance(found, Refused) else inside("support/mine", who, cases=found)

    async def show(self, visit: Visit) -> Outcome:
        """The case that a link opens."""
        return await self._shown(visit, Form(), Form())

    async def _shown(self, visit: Visit, words: Form, paper: Form) -> Outcome:
        access = await cases.by_link(self._desk, visit.words["link"])
        if isinstance(access, Refused):
            return access
        who = await account.show(self._desk, visit.caller)
        context = {
            "case": await cases.show(self._desk, access),
            "recovery": await recover.of_case(self._desk, access),
            "words": words,
            "paper": paper,
            "megabytes": _MEGABYTES,
        }
        return Page("support/case", context, signed_in=not isinstance(who, Refused))

    async def say(self, visit: Visit) -> Outcome:
        """Something more is said."""
        access = await cases.by_link(self._desk, visit.words["link"])
        if isinstance(access, Refused):
            return access
        text = visit.form.get("message", "")
        refused = await correspondence.write(self._desk, visit.caller, access, text)
        return refused or _back(visit)

    async def say_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The case, with what was typed and why it was not taken."""
        text = self._explain(refused, visit.caller.locale)
        words = forms.again(_WORDS, visit.form, refused, text, "message")
        return await self._shown(visit, words, Form())

    async def send(self, visit: Visit) -> Outcome:
        """A document is taken in while it arrives."""
        access = await cases.by_link(self._desk, visit.words["link"])
        if isinstance(access, Refused):
            return access
        if visit.file is None:
            return Refused(FORM_MALFORMED)
        kind = visit.form.get("kind", "")
        refused = await correspondence.add_document(
            self._desk, self._tools, visit.caller, access, kind, visit.file
        )
        return refused or _back(visit)

    async def send_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The case, with why the document was not taken."""
        text = self._explain(refused, visit.caller.locale)
        paper = forms.again(_PAPER, visit.form, refused, text)
        return await self._shown(visit, Form(), paper)

    async def go_on(self, visit: Visit) -> Outcome:
        """On with what the desk has agreed to; this browser has it from now on."""
        access = await cases.by_link(self._desk, visit.words["link"])
        if isinstance(access, Refused):
            return access
        view = await recover.by_case(self._desk, visit.caller, access)
        if isinstance(view, Refused):
            return view
        token = () if view.token is None else (cookies.recovery(view.id, view.token),)
        return Moved(f"/requests/{view.id.hex()}", token)

    async def go_on_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The case, with why not."""
        text = self._explain(refused, visit.caller.locale)
        return await self._shown(visit, forms.again((), {}, refused, text), Form())

    async def file(self, visit: Visit) -> Outcome:
        """The whole correspondence, to be kept and read without us."""
        access = await cases.by_link(self._desk, visit.words["link"])
        if isinstance(access, Refused):
            return access
        case, now = await cases.show(self._desk, access), self._desk.clock.now()
        html = pages.render(
            "support/correspondence",
            known(visit.caller.locale),
            case=case,
            service=self._desk.service,
            now=now,
            papers=self._desk.papers,
        )
        return _download(f"{case.reference}.html", "text/html; charset=utf-8", html.encode())

    async def data(self, visit: Visit) -> Outcome:
        """The same for programs."""
        access = await cases.by_link(self._desk, visit.words["link"])
        if isinstance(access, Refused):
            return access
        case, now = await cases.show(self._desk, access), self._desk.clock.now()
        made = msgspec.json.encode(casefile.correspondence(case, self._desk.service, now))
        whole = msgspec.json.format(made, indent=2)
        return _download(f"{case.reference}.json", "application/json", whole)


def _letter(visit: Visit) -> Letter | None:
    """What the form says, as it was typed."""
    form = visit.form
    kind = _BY_VALUE.get(form.get("kind", ""))
    if kind is None:
        return None
    contact, claimed, number = (form.get(name, "") for name in ("contact", "claimed", "number"))
    return Letter(kind, form.get("message", ""), contact, claimed, number)


def _back(visit: Visit) -> Moved:
    return Moved(f"/support/{visit.words['link']}")


def _download(name: str, media: str, body: bytes) -> Bytes:
    headers = (
        (b"content-type", media.encode()),
        (b"content-disposition", f'attachment; filename="{name}"'.encode()),
        (b"content-security-policy", b"default-src 'none'; sandbox"),
        (b"cache-control", b"no-store"),
    )
    return Bytes(headers, body)


def routes(desk: Desk, tools: Intake, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Support(desk, tools, explain)
    return [
        Route(
            method="GET",
            path="/support",
            handler=at.ladder,
            auth=Auth.NONE,
            summary="What can be done, and how to write to people",
        ),
        Route(
            method="GET",
            path="/support/new",
            handler=at.form,
            auth=Auth.NONE,
            summary="Where one writes to the support desk",
        ),
        Route(
            method="POST",
            path="/support/new",
            handler=at.write,
            again=at.write_again,
            body_max=bodies.LETTER_MAX,
            auth=Auth.NONE,
            summary="Write to the support desk; codes leave to whoever is not signed in",
        ),
        Route(
            method="GET",
            path="/cases",
            handler=at.mine,
            auth=Auth.SESSION,
            summary="The cases of the account",
        ),
        *_of_a_case(at),
    ]


def _of_a_case(at: Support) -> list[Route]:
    return [
        Route(
            method="GET",
            path="/support/{link}",
            handler=at.show,
            auth=Auth.CASE,
            summary="A case: what was said, what was sent, what comes next",
        ),
        Route(
            method="POST",
            path="/support/{link}/messages",
            handler=at.say,
            again=at.say_again,
            page="/support/{link}",
            body_max=bodies.LETTER_MAX,
            auth=Auth.CASE,
            summary="Say something in a case; one that was closed lately is opened again",
        ),
        Route(
            method="POST",
            path="/support/{link}/documents",
            handler=at.send,
            again=at.send_again,
            page="/support/{link}",
            uploads=True,
            auth=Auth.CASE,
            summary="Send a document",
        ),
        Route(
            method="POST",
            path="/support/{link}/recovery",
            handler=at.go_on,
            again=at.go_on_again,
            page="/support/{link}",
            auth=Auth.CASE,
            summary="Go on with the recovery that the desk has agreed to",
        ),
        Route(
            method="GET",
            path="/support/{link}/correspondence.html",
            handler=at.file,
            auth=Auth.CASE,
            summary="The whole correspondence as a file to read",
        ),
        Route(
            method="GET",
            path="/support/{link}/correspondence.json",
            handler=at.data,
            auth=Auth.CASE,
            summary="The whole correspondence as a file for programs",
        ),
    ]

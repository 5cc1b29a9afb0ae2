"""/security/recovery-codes: how many are left, and making ten new ones, which are shown once.

They stand on the page that answers the form, and nowhere else: nobody opens an address to see them
again. The same page gives them back as a file to whoever sends them from there, so that saving
them takes no script; nothing is kept of it. Neighbours: `confirming.py` begins what making them
takes first, and goes on here when it is given; `totp.py`.
"""

import re

import msgspec

from rebind.domain import recovery_codes as rules
from rebind.domain.refusals import FORM_MALFORMED, Refused
from rebind.domain.rows import Purpose
from rebind.domain.units import Id
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.shared.spelling import read_id
from rebind.entrypoints.web.account import inside
from rebind.entrypoints.web.confirming import Continue
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Again, Bytes, Moved, Outcome, Page, Route, Visit
from rebind.flows import account, recovery_codes
from rebind.flows.desk import Desk
from rebind.templates.pages import Form

PATH = "/security/recovery-codes"
FILE = PATH + "/file"
_FIELDS = ("permit",)
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


class Codes:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def show(self, visit: Visit) -> Outcome:
        """The button that makes new ones, once it was shown who asks; else how many are left."""
        permit = visit.asked("permit")
        if permit is None:
            return await self._shown(visit, Form())
        refused = await recovery_codes.look(self._desk, visit.caller, read_id(permit))
        if refused is not None:
            return await self.show_again(visit, refused)
        return await self._shown(visit, forms.blank(_FIELDS, {"permit": permit}))

    async def make(self, visit: Visit) -> Outcome:
        """Ten new ones: this answer is the only place where they stand."""
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        permit_id = read_id(visit.form.get("permit", ""))
        made = await recovery_codes.make(self._desk, visit.caller, permit_id)
        if isinstance(made, Refused):
            return made
        return inside("security/recovery_codes", who, codes=made, form=Form())

    async def show_again(self, visit: Visit, refused: Refused) -> Outcome:
        """How many are left, with why none were made."""
        text = self._explain(refused, visit.caller.locale)
        outcome = await self._shown(visit, forms.again((), {}, refused, text))
        if isinstance(outcome, Page):
            return msgspec.structs.replace(outcome, refused=refused)
        return outcome

    async def file(self, visit: Visit) -> Outcome:
        """The codes of the page that sends them, as a file. Whether they are anybody's is not
        asked: whoever sends them has them."""
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        sent = visit.form.get("codes", "").split()
        codes = [code for code in map(rules.canonical, sent) if code is not None]
        if len(codes) != len(sent) or len(codes) != rules.CODES:
            return Refused(FORM_MALFORMED)
        text = f"{self._desk.service}\n\n{rules.printed(codes)}"
        headers = (
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-disposition", b'attachment; filename="%s.txt"' % self._name().encode()),
            (b"cache-control", b"no-store"),
        )
        return Bytes(headers, text.encode())

    def _name(self) -> str:
        """What the file is called, so that somebody knows it in a year: after the service, as far
        as its name can stand in that of a file."""
        service = _NOT_IN_A_NAME.sub("-", self._desk.service.lower()).strip("-")
        return f"{service}-recovery-codes".lstrip("-")

    async def go_on(self, _visit: Visit, permit_id: Id, _about: str) -> Outcome:
        """It was shown who asks: on to the button."""
        return Moved(f"{PATH}?permit={permit_id.hex()}")

    async def _shown(self, visit: Visit, form: Form) -> Outcome:
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        found = await recovery_codes.show(self._desk, visit.caller)
        if isinstance(found, Refused):
            return found
        return inside("security/recovery_codes", who, found=found, codes=(), form=form)


def after(desk: Desk, explain: Explain) -> dict[Purpose, Continue]:
    """Where a re-authentication for this act leads once it is given."""
    return {Purpose.RECOVERY_CODES: Codes(desk, explain).go_on}


def again(desk: Desk, explain: Explain) -> dict[Purpose, Again]:
    """Where is told why such an act cannot even begin."""
    return {Purpose.RECOVERY_CODES: Codes(desk, explain).show_again}


def routes(desk: Desk, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = Codes(desk, explain)
    return [
        Route(
            method="GET",
            path=PATH,
            handler=at.show,
            auth=Auth.SESSION,
            summary="How many recovery codes are left, and where new ones are made",
        ),
        Route(
            method="POST",
            path=PATH,
            handler=at.make,
            again=at.show_again,
            auth=Auth.SESSION,
            summary="Make ten recovery codes, and show them once",
        ),
        Route(
            method="POST",
            path=FILE,
            handler=at.file,
            page=PATH,
            auth=Auth.SESSION,
            summary="The codes of that page as a file",
        ),
    ]

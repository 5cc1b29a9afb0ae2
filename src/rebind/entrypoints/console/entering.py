"""/console/sign-in, /console/confirm, /console/join/<token>: into the console, and out.

Signing in and confirming who one is are the same act: whoever is inside already gets another
session in the place of the old one. An invitation is taken up in one of two ways, and leads
straight inside. Neighbour: `own.py` has what one changes later.
"""

import msgspec

from rebind.domain.operators import Right
from rebind.domain.refusals import Refused
from rebind.entrypoints.console import cookies
from rebind.entrypoints.console.places import CONFIRM, HOME, SIGN_IN
from rebind.entrypoints.console.routes import Part, Route, Visit
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.cookies import language
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.outcomes import Moved, Outcome, Page
from rebind.entrypoints.shared.spelling import read_id
from rebind.flows import operator_access, operator_joining, operator_sessions
from rebind.flows.desk import Desk
from rebind.flows.desk import operators as desk_operators
from rebind.flows.desk.operators import OperatorSession
from rebind.templates.catalogue import known
from rebind.templates.pages import Form
from rebind.templates.qr import qr_address

JOIN = "/console/join/{token}"
_FIELDS = ("login", "next", "confirm")


class Entering:
    """The handlers."""

    def __init__(self, desk: Desk, explain: Explain) -> None:
        self._desk = desk
        self._explain = explain

    async def sign_in_form(self, visit: Visit) -> Outcome:
        """Where one signs in."""
        who = await desk_operators.present(self._desk, visit.caller)
        if not isinstance(who, Refused):
            return Moved(visit.way_on or HOME)
        return self._form(visit, forms.blank(_FIELDS, {"next": visit.way_on or ""}))

    async def confirm_form(self, visit: Visit) -> Outcome:
        """Where somebody who is inside says again who they are."""
        known_of = {"next": visit.way_on or "", "login": visit.operator.login, "confirm": "yes"}
        return self._form(visit, forms.blank(_FIELDS, known_of))

    async def by_password(self, visit: Visit) -> Outcome:
        """A password and a code are given."""
        form = visit.form
        session = await operator_sessions.by_password(
            self._desk,
            visit.caller,
            read_id(form.get("offer", "")),
            form.get("login", ""),
            form.get("password", ""),
            form.get("code", "").replace(" ", ""),
        )
        return self._inside(visit, session)

    async def by_passkey(self, visit: Visit) -> Outcome:
        """The browser has shown a passkey."""
        offer_id, answer = read_id(visit.form.get("offer", "")), visit.form.get("answer", "")
        session = await operator_sessions.by_passkey(self._desk, visit.caller, offer_id, answer)
        return self._inside(visit, session)

    def _inside(self, visit: Visit, session: OperatorSession | Refused) -> Outcome:
        if isinstance(session, Refused):
            return session
        return Moved(visit.way_on or HOME, cookies.opened(self._desk, session))

    async def again(self, visit: Visit, refused: Refused) -> Outcome:
        """The form as it was filled in."""
        who = await desk_operators.present(self._desk, visit.caller)
        if not isinstance(who, Refused):
            visit = msgspec.structs.replace(visit, who=who)
        text = self._explain(refused, visit.caller.locale)
        kept = {**visit.form, "next": visit.way_on or ""}
        return self._form(visit, forms.again(_FIELDS, kept, refused, text))

    def _form(self, visit: Visit, form: Form) -> Page:
        confirming = visit.who is not None and bool(form.values.get("confirm"))
        context = {
            "form": form,
            "offer": operator_sessions.offer(self._desk),
            "confirming": confirming,
        }
        return Page("console/sign_in", context)

    async def sign_out(self, visit: Visit) -> Outcome:
        """This session ends; where it has ended already, the browser forgets it all the same."""
        await operator_sessions.sign_out(self._desk, visit.caller)
        return Moved(SIGN_IN, cookies.gone(self._desk))

    async def speak(self, visit: Visit) -> Outcome:
        """Another language, for this browser and for whoever is signed in."""
        locale = known(visit.form.get("lang", ""))
        await operator_access.speak(self._desk, visit.caller, locale)
        return Moved(visit.way_on or HOME, (language(locale),))

    async def invited(self, visit: Visit) -> Outcome:
        """What an invitation offers."""
        return await self._invited(visit, Form())

    async def _invited(self, visit: Visit, form: Form) -> Outcome:
        offered = visit.form.get("offer")
        joining = await operator_joining.invited(
            self._desk, visit.words["token"], None if offered is None else read_id(offered)
        )
        if isinstance(joining, Refused):
            return joining
        context = {"joining": joining, "qr": qr_address(joining.app.uri), "form": form}
        return Page("console/join", context)

    async def join(self, visit: Visit) -> Outcome:
        """It is taken up: with the passkey that the browser has made, or with a password."""
        form, token, offer_id = (
            visit.form,
            visit.words["token"],
            read_id(visit.form.get("offer", "")),
        )
        if form.get("way") == "passkey":
            session = await operator_joining.join_by_passkey(
                self._desk,
                visit.caller,
                token,
                offer_id,
                form.get("answer", ""),
                form.get("name", ""),
            )
        else:
            code = form.get("code", "").replace(" ", "")
            session = await operator_joining.join_by_password(
                self._desk, visit.caller, token, offer_id, form.get("password", ""), code
            )
        return self._inside(visit, session)

    async def join_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The page with what is wrong."""
        text = self._explain(refused, visit.caller.locale)
        return await self._invited(visit, forms.again((), {}, refused, text, field_of(refused)))


def field_of(refused: Refused) -> str:
    """Where on a form with a password and a code a refusal is told."""
    return "code" if refused.refusal.code == "totp_not_taken" else "password"


def part(desk: Desk, explain: Explain) -> Part:
    """What this adds to the console."""
    at = Entering(desk, explain)
    return Part(
        (
            Route(
                method="GET",
                path=SIGN_IN,
                handler=at.sign_in_form,
                right=None,
                summary="Where one signs in to the console",
            ),
            Route(
                method="POST",
                path=SIGN_IN,
                handler=at.by_password,
                again=at.again,
                right=None,
                summary="Sign in with a password and a code",
            ),
            Route(
                method="POST",
                path=SIGN_IN + "/passkey",
                handler=at.by_passkey,
                again=at.again,
                page=SIGN_IN,
                right=None,
                summary="Sign in with a passkey",
            ),
            Route(
                method="GET",
                path=CONFIRM,
                handler=at.confirm_form,
                right=Right.OWN_ACCESS,
                summary="Where one confirms who one is",
            ),
            Route(
                method="POST",
                path="/console/sign-out",
                handler=at.sign_out,
                page=SIGN_IN,
                right=None,
                summary="End this session",
            ),
            Route(
                method="POST",
                path="/console/language",
                handler=at.speak,
                page=HOME,
                right=None,
                summary="Choose another language",
            ),
            Route(
                method="GET",
                path=JOIN,
                handler=at.invited,
                right=None,
                summary="What an invitation offers",
            ),
            Route(
                method="POST",
                path=JOIN,
                handler=at.join,
                again=at.join_again,
                right=None,
                summary="Take an invitation up",
            ),
        )
    )

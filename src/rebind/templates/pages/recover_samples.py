"""Sample contexts of the pages of a recovery, as `samples.py` lists them with all others.

For: tests and pictures. Refuses nothing; it is data, made of the request and the code that it is
given: their structs stand in `samples.py`, which imports this file.
"""

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from rebind.domain.evidence import Proof
from rebind.domain.units import DAY, HOUR, MINUTE, Ms
from rebind.templates.pages.views import Form, NoticeView, RequestPage

_OLD, _NEW, _MAIL = "+7••••••••67", "+7••••••••33", "a•••@example.org"
_MAILED, _NUMBER = ((Proof.CODE_EMAIL,),), ((Proof.CODE_NEW,),)
_SECOND = (Proof.PASSKEY, Proof.TOTP, Proof.RECOVERY_CODE)
_WITH_FACTOR = tuple((proof, Proof.CODE_NEW) for proof in _SECOND)
_OPTIONS = {"challenge": "AAAA", "rpId": "localhost", "userVerification": "required"}

Given = TypeVar("Given", bound=msgspec.Struct)
_Fields = tuple[str, str, str, bool, dict[str, Any]]
_with = msgspec.structs.replace


def all_samples(request: msgspec.Struct, code: msgspec.Struct, now: Ms) -> Iterator[_Fields]:
    """The fields of each `Sample`. `request`: a recovery that has just begun; `code`: one that was
    just sent."""
    waiting = _with(
        request, state="waiting", number=_NEW, wait_until=now + 3 * DAY, row="R2", needs=()
    )
    ready = _with(waiting, state="ready", needs=_NUMBER, expires_at=now + 7 * DAY)
    yield from _begin(waiting, now)
    yield from _open(request, code, (waiting, ready), now)
    yield from _later(request, code, waiting, ready, now)
    for name, until in (("", now + 3 * DAY), ("begun", None)):
        what = NoticeView("recover", _OLD, _NEW if until else _OLD, now - HOUR, until)
        context = {"what": what, "form": Form()}
        yield "stop/confirm", f"recover {name}".strip(), "/stop/t0ken", False, context
    stopped = NoticeView("recover", _OLD, _NEW, now, now)
    yield "stop/done", "recover", "/stop/t0ken", False, {"what": stopped}
    yield "requests/elsewhere", "", f"/requests/{'0f' * 16}", False, {}
    yield "requests/elsewhere", "signed-in", f"/requests/{'0f' * 16}", True, {}


def _begin(waiting: msgspec.Struct, now: Ms) -> Iterator[_Fields]:
    plain: dict[str, Any] = {"form": Form(), "waiting": None}
    yield "recover/begin", "", "/recover", False, plain
    wrong = Form({"name": "+7 916"}, {"name": "Please check the digits."})
    yield "recover/begin", "wrong", "/recover", False, {**plain, "form": wrong}
    yield "recover/begin", "waiting", "/recover", False, {**plain, "waiting": waiting}
    yield "recover/begin", "signed-in", "/recover", True, plain


def _open(
    request: Given, code: msgspec.Struct, beside: tuple[Any, ...], now: Ms
) -> Iterator[_Fields]:
    by_number = _with(code, proof=Proof.CODE_EMAIL, to=_OLD)
    yield _request("by-number", _with(request, needs=_MAILED, number=_OLD, sent=(by_number,)))
    sent = _with(code, proof=Proof.CODE_EMAIL, to=_MAIL)
    mailed = _with(request, needs=_MAILED, number=_MAIL, sent=(sent,))
    yield _request("by-email", mailed)
    wrong = RequestPage(Form(errors={"code_email": "The code does not match."}))
    late = _with(sent, expires_at=now, again_at=now, tries_left=3)
    yield _request("late", _with(mailed, sent=(late,)), wrong)
    factor = _with(request, needs=_WITH_FACTOR, number=_MAIL, passkey=_OPTIONS)
    yield _request("factor", factor)
    number = _with(request, needs=_NUMBER, number=_MAIL)
    yield _request("number", number)
    mistaken = Form({"number": "+7 916"}, {"number": "Please check the digits."})
    yield _request("number-wrong", number, RequestPage(mistaken))
    for other in beside:
        yield _request(f"beside-{other.state}", _with(number, beside=(other,)))
    to_new = _with(code, proof=Proof.CODE_NEW, to=_NEW)
    aimed = _with(request, needs=_NUMBER, number=_NEW, sent=(to_new,))
    yield _request("code", aimed)
    yield _request("code-other", aimed, RequestPage(mistaken))
    yield _request("nothing", _with(request, number=_MAIL))


def _later(
    request: Given, code: msgspec.Struct, waiting: Given, ready: Given, now: Ms
) -> Iterator[_Fields]:
    told = RequestPage(told=(_OLD, _MAIL, _NEW))
    yield _request("waiting", waiting, told)
    quicker = _with(waiting, wait_until=now + DAY - 2 * MINUTE, row="R1")
    yield _request("waiting-short", quicker, told)
    yield _request("waiting-by-support", _with(waiting, row="R4"), told)
    yield _request("waiting-other", waiting, RequestPage(owner=False), signed_in=True)
    to_new = _with(code, proof=Proof.CODE_NEW, to=_NEW)
    yield _request("ready", _with(ready, sent=(to_new,)))
    yield _request("ready-other", _with(ready, needs=()), RequestPage(owner=False), signed_in=True)
    done = RequestPage(old=_OLD, undo_until=now + 3 * DAY)
    finished = _with(request, state="done", number=_NEW, row="R2")
    yield _request("done", finished, done, signed_in=True)
    yield _request("done-by-time", finished, done)
    yield _request("done-by-support", _with(finished, row="R4"), done, signed_in=True)
    for state in ("cancelled", "expired", "refused", "objected"):
        yield _request(state, _with(request, state=state, number=_NEW))
    why = RequestPage(Form(errors={"": "From here on our support desk helps."}))
    yield _request("refused-now", _with(request, state="refused", number=_NEW), why)


def _request(
    name: str, view: Any, page: RequestPage | None = None, *, signed_in: bool = False
) -> _Fields:
    context = {"view": view, "page": page or RequestPage()}
    return "requests/show", f"recover-{name}", f"/requests/{view.id.hex()}", signed_in, context

"""Sample contexts of the pages of closing an account and of taking one's data along, as
`samples.py` lists them with all others.

For: tests and pictures. Refuses nothing; it is data. Neighbour: `samples.py`.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from rebind.domain.units import DAY, Ms
from rebind.templates.pages.views import Form, NoticeView, RequestPage

_CLOSE, _EXPORT = "/settings/close", "/security/export"
_PERMIT = "0f" * 16
_NUMBER = "+7••••••••67"

_Fields = tuple[str, str, str, bool, dict[str, Any]]


def all_samples(account: object, probation: object, change: Any, now: Ms) -> Iterator[_Fields]:
    """The fields of each `Sample`. `change`: a request of another kind that waits."""
    closing = msgspec.structs.replace(
        change,
        kind="close",
        needs=(),
        number=_NUMBER,
        wait_until=now + 30 * DAY,
        row="X1",
        expires_at=now + 30 * DAY,
    )
    refused = Form({}, {"": "First confirm that it is you."})
    plain: dict[str, Any] = {"account": account, "waiting": [], "form": Form()}
    yield "closing/close", "", _CLOSE, True, plain
    yield "closing/close", "refused", _CLOSE, True, {**plain, "form": refused}
    yield "closing/close", "waiting", _CLOSE, True, {**plain, "waiting": [closing]}
    yield "closing/close", "probation", _CLOSE, True, {**plain, "account": probation}
    profile = {"account": account, "waiting": [closing]}
    yield "account/profile", "closing", "/profile", True, profile
    yield "account/settings", "closing", "/settings", True, profile
    permit = Form({"permit": _PERMIT})
    for name, form in (("", Form()), ("refused", refused), ("permit", permit)):
        yield "closing/export", name, _EXPORT, True, {"account": account, "form": form}
    given = {"account": probation, "form": Form()}
    yield "closing/export", "probation", _EXPORT, True, given
    path = f"/requests/{closing.id.hex()}"
    for state in ("waiting", "objected", "done"):
        view = msgspec.structs.replace(closing, state=state)
        shown = {"view": view, "page": RequestPage()}
        yield "requests/show", f"close-{state}", path, state != "done", shown
    heard = msgspec.structs.replace(change, kind="recover", row="R4", contested=True)
    others = {"view": heard, "page": RequestPage(owner=False)}
    yield "requests/show", "recover-heard", path, True, others
    told = NoticeView("close", _NUMBER, _NUMBER, now - DAY, now + 29 * DAY)
    yield "stop/confirm", "close", "/stop/t0ken", False, {"what": told, "form": Form()}
    yield "stop/done", "close", "/stop/t0ken", False, {"what": told}
    yield "stop/done", "close-inside", path + "/object", True, {"what": told}

"""What a handler of pages may answer: values, which `faces.py` turns into headers and bytes."""

from collections.abc import Mapping
from typing import Any

import msgspec

from rebind.domain.refusals import Refused
from rebind.entrypoints.shared.cookies import Header


class Page(msgspec.Struct, frozen=True):
    """A page to be shown. `locale` is the account's language, where there is an account; `refused`
    is why it is shown again."""

    name: str
    context: Mapping[str, Any] = {}
    locale: str | None = None
    refused: Refused | None = None
    cookies: tuple[Header, ...] = ()
    signed_in: bool = False


class Moved(msgspec.Struct, frozen=True):
    """Go on at another address of ours."""

    to: str
    cookies: tuple[Header, ...] = ()
    status: int = 303


class Bytes(msgspec.Struct, frozen=True):
    """Something that is no page: its headers and its body."""

    headers: tuple[Header, ...]
    body: bytes


Outcome = Page | Moved | Bytes | Refused

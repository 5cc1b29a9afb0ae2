"""SMS over a generic HTTP call to the administrator's URL.

For: any aggregator or gateway: `POST {"to", "text", "id"}` as JSON, the answer's status decides.
Refuses to follow redirects (the text holds a code, and belongs at the URL that was configured), to
log, and to let a text, a number or the URL (which may hold a password) into an error. Neighbours:
`ports.Sms`; the worker, which tries again what is not final.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from rebind.ports import Undelivered

if TYPE_CHECKING:
    from aiohttp import ClientSession

_TRY_AGAIN = frozenset({408, 425, 429})
"""Statuses of the 4xx range that speak of the moment, not of the message."""

_ANSWER_BYTES_MAX = 65_536


class HttpSms:
    """One client session for the life of the process, made at the first message."""

    def __init__(self, url: str, headers: Mapping[str, str], timeout_s: float) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("the URL of the SMS provider has to begin with http:// or https://")
        if any("\r" in part or "\n" in part for pair in headers.items() for part in pair):
            raise ValueError("a header of the SMS provider may not contain a line break")
        self._url = url
        self._headers = {**headers, "Content-Type": "application/json"}
        self._timeout_s = timeout_s
        self._session: ClientSession | None = None

    async def send(self, message_id: str, to: str, text: str) -> None:
        """Hand over one SMS; the other side may drop an id that it has seen before."""
        body = msgspec.json.encode({"to": to, "text": text, "id": message_id})
        refused = await self._posted(body)
        # Raised outside the `except` below, so that no foreign error with our URL hangs on to it.
        if refused is not None:
            raise refused

    async def close(self) -> None:
        """Give back the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _posted(self, body: bytes) -> Undelivered | None:
        from aiohttp import ClientError

        try:
            async with self._connected().post(
                self._url, data=body, headers=self._headers, allow_redirects=False
            ) as answer:
                # A connection can be used again only when its answer was read to the end.
                await answer.content.read(_ANSWER_BYTES_MAX)
                return _judged(answer.status)
        except TimeoutError:
            return Undelivered(f"no answer within {self._timeout_s:g} s")
        except (ClientError, OSError) as error:
            return Undelivered(f"connection failed ({type(error).__name__})")

    def _connected(self) -> "ClientSession":
        if self._session is None:
            from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

            self._session = ClientSession(
                timeout=ClientTimeout(total=self._timeout_s), cookie_jar=DummyCookieJar()
            )
        return self._session


def _judged(status: int) -> Undelivered | None:
    """What a status means for the message: accepted (None), try again, or final."""
    if 200 <= status < 300:
        return None
    final = 400 <= status < 500 and status not in _TRY_AGAIN
    return Undelivered(f"the provider answered {status}", final=final)

"""Breached passwords by k-anonymity: ask for a range of hashes, and look for ours at home.

For: the range API of Have I Been Pwned, or a mirror of it in one's own network: `GET {url}/{first 5
hex digits of the SHA-1}`, lines `SUFFIX:COUNT`. The service learns 20 bits of a hash, which some
thousand leaked passwords share, and by padding not even how many. Refuses to log, to let a
password, a hash or the URL into an error, to follow redirects, and to hold anybody up: where there
is no answer within a second, the password counts as not known there, and that is reported.
Neighbours: `ports.Leaks`; `both.py`, who asks the list first.
"""

from collections.abc import Callable
from hashlib import sha1
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import ClientSession

TIMEOUT_S = 1.0
"""Somebody waits before a form."""

_PREFIX = 5
_ANSWER_BYTES_MAX = 1 << 20
"""A range is about 40 KiB with its padding; more than this is no range."""

_HEADERS = {
    "Add-Padding": "true",  # 800 to 1,000 lines whatever the range; padding counts 0
    "User-Agent": "rebind",  # the service answers 403 without one
}


class RangeSource:
    """One client session for the life of the process, made at the first question. `report` is told
    in one plain sentence why the service gave no answer."""

    def __init__(
        self, url: str, report: Callable[[str], None], timeout_s: float = TIMEOUT_S
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("the URL of the password ranges has to begin with http:// or https://")
        self._url = url.rstrip("/")
        self._report = report
        self._timeout_s = timeout_s
        self._session: ClientSession | None = None

    async def knows(self, password: str) -> bool:
        """Whether it was in a breach, as far as the service tells. Never raises."""
        digest = sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        lines = await self._range(digest[:_PREFIX])
        return any(_breached(line, digest[_PREFIX:]) for line in lines)

    async def close(self) -> None:
        """Give back the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _range(self, prefix: str) -> list[str]:
        """The lines of a range; none where there was no answer."""
        from aiohttp import ClientError

        try:
            async with self._connected().get(
                f"{self._url}/{prefix}", headers=_HEADERS, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    return self._failed(f"the service answered {answer.status}")
                body = bytearray()
                async for chunk in answer.content.iter_any():
                    body += chunk
                    if len(body) > _ANSWER_BYTES_MAX:
                        return self._failed("the answer is too long")
                return body.decode("ascii").splitlines()
        except TimeoutError:
            return self._failed(f"no answer within {self._timeout_s:g} s")
        except UnicodeDecodeError:
            return self._failed("the answer is no range")
        except (ClientError, OSError) as error:
            return self._failed(f"connection failed ({type(error).__name__})")

    def _failed(self, why: str) -> list[str]:
        self._report(why)
        return []

    def _connected(self) -> "ClientSession":
        if self._session is None:
            from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

            self._session = ClientSession(
                timeout=ClientTimeout(total=self._timeout_s), cookie_jar=DummyCookieJar()
            )
        return self._session


def _breached(line: str, suffix: str) -> bool:
    found, _colon, count = line.strip().partition(":")
    return found.upper() == suffix and count.isdigit() and int(count) > 0

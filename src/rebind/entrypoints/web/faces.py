"""Outcomes of the pages for people become answers, and requests become visits.

Neighbours: `shared/faces.py` makes the answers, `places.py` calls both.
"""

from collections.abc import Callable

from rebind.domain.acts import Door
from rebind.domain.refusals import Refusal, Refused
from rebind.entrypoints.shared import callers, faces, guard
from rebind.entrypoints.shared.faces import Explain
from rebind.entrypoints.shared.problems import Problems, Reply
from rebind.entrypoints.shared.serving import Scope
from rebind.entrypoints.web import cookies
from rebind.entrypoints.web.routes import Visit
from rebind.flows.desk import Caller, Desk
from rebind.templates import pages
from rebind.templates.catalogue import known

__all__ = ["Explain", "Faces"]

_UNZIPPED = b"gzip;q=0"


class Faces(faces.Faces):
    """Shows outcomes to people. `site` is what all pages have in common, `heard` is told each
    refusal."""

    def __init__(
        self,
        desk: Desk,
        site: pages.Site,
        *,
        secure: bool,
        heard: Callable[[Refusal], None] | None = None,
    ) -> None:
        super().__init__(desk, site, secure=secure, heard=heard)
        self._problems = Problems(desk.clock, desk.policy.code_digits, heard)

    def visit(self, scope: Scope, headers: callers.Headers) -> Visit:
        """Who asks, by the cookies alone: a header that a program sends has no say here."""
        jar = cookies.read(headers.get(b"cookie"))
        chosen = jar.get(cookies.LANGUAGE)
        address, network = callers.located(scope)
        locale = callers.locale(headers) if chosen is None else known(chosen)
        caller = Caller(
            Door.WEB,
            locale,
            address,
            network,
            callers.agent(headers),
            jar.get(cookies.SESSION),
            jar.get(cookies.DEVICE),
            home=self._desk.policy.home_by_language.get(locale),
        )
        path, query = scope["path"], scope["query_string"]
        here = guard.own_path(f"{path}?{query.decode('latin-1')}" if query else path) or "/"
        coded = headers.get(b"accept-encoding", b"")
        zips = b"gzip" in coded and _UNZIPPED not in coded
        return Visit(caller, jar, here, scope["path_params"], query, zips)

    def told(self, refused: Refused, scope: Scope) -> Reply:
        """A refusal that no place of the table gives: a page for whoever reads pages, problem+json
        for programs and for everything below the API."""
        headers = callers.headers_of(scope)
        if _is_program(scope["path"], headers.get(b"accept", b"")):
            return self._problems.told(refused, scope)
        visit = self.visit({"path_params": {}, **scope}, headers)
        return self.reply(refused, visit)


def _is_program(path: str, accepts: bytes) -> bool:
    return path.startswith("/api/") or b"text/html" not in accepts

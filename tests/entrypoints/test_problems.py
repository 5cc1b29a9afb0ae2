"""Refusals as people and programs get them, and what becomes of things that go wrong."""

import json
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from rebind.domain import work
from rebind.domain.refusals import (
    BODY_TOO_LARGE,
    CATALOGUE,
    CODE_MALFORMED,
    CODE_WRONG,
    LOCK_TOO_YOUNG,
    SESSION_REQUIRED,
    TOO_MANY_CODES,
    Refusal,
    Refused,
)
from rebind.domain.units import HOUR
from rebind.entrypoints.api.app import build
from rebind.entrypoints.shared.problems import Problems
from rebind.entrypoints.shared.serving import App
from rebind.store.statements import Unavailable
from tests.entrypoints.visitors import JSON, Visitor
from tests.people import JOURNEYS, MONDAY, House, PushedClock

PROBLEMS = Problems(PushedClock(), 6)


def told(refused: Refused, locale: str = "en") -> tuple[int, dict[str, str], Any]:
    status, headers, body = PROBLEMS.reply(refused, locale)
    return status, {name.decode(): value.decode() for name, value in headers}, json.loads(body)


def test_a_problem_to_the_field() -> None:
    status, headers, body = told(Refused(CODE_WRONG))
    assert status == 403
    assert headers == {
        "content-type": "application/problem+json",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-language": "en",
        "content-length": headers["content-length"],
    }
    assert body == {
        "type": "/problems/code_wrong",
        "title": "The code does not match",
        "status": 403,
        "detail": "Check the newest message and try again.",
        "code": "code_wrong",
    }


@pytest.mark.parametrize("refusal", CATALOGUE.values(), ids=CATALOGUE)
@pytest.mark.parametrize("until", [None, MONDAY + HOUR])
def test_every_refusal_in_both_languages(refusal: Refusal, until: int | None) -> None:
    english = told(Refused(refusal, until), "en")[2]
    russian = told(Refused(refusal, until), "ru")[2]
    for body in (english, russian):
        assert (body["code"], body["status"]) == (refusal.code, refusal.status)
        assert "{" not in body["detail"]
    assert english["title"].isascii()
    assert any("а" <= letter <= "я" for letter in russian["title"].lower())
    assert any("а" <= letter <= "я" for letter in russian["detail"].lower())


def test_texts_have_their_figures() -> None:
    assert "6 digits" in told(Refused(CODE_MALFORMED))[2]["detail"]
    until = MONDAY + HOUR
    assert "09:00 UTC" in told(Refused(TOO_MANY_CODES, until))[2]["detail"]
    assert told(Refused(TOO_MANY_CODES, until))[2]["until"] == "2026-01-05T09:00:00.000Z"


@pytest.mark.parametrize(
    ("refused", "retry_after"),
    [
        (Refused(TOO_MANY_CODES, MONDAY + 60_000), "60"),
        (Refused(TOO_MANY_CODES, MONDAY + 60_001), "61"),
        (Refused(TOO_MANY_CODES, MONDAY + 1), "1"),
        (Refused(TOO_MANY_CODES, MONDAY - 5_000), "1"),
        (Refused(TOO_MANY_CODES), "1"),
        (Refused(LOCK_TOO_YOUNG, MONDAY + HOUR), "3600"),
        (Refused(CODE_WRONG), None),
    ],
)
def test_when_to_come_again(refused: Refused, retry_after: str | None) -> None:
    assert told(refused)[1].get("retry-after") == retry_after


def test_work_is_offered_with_all_that_solving_needs() -> None:
    body = told(Refused(TOO_MANY_CODES, MONDAY + HOUR, "123-abc"))[2]
    assert body["work"] == {"challenge": "123-abc", "bits": work.BITS, "algorithm": "sha256"}


def test_headers_of_some_statuses() -> None:
    assert told(Refused(SESSION_REQUIRED))[1]["www-authenticate"] == "Bearer"
    assert told(Refused(BODY_TOO_LARGE))[1]["connection"] == "close"
    assert told(Refused(CODE_WRONG), "ru")[1]["content-language"] == "ru"


@pytest.mark.parametrize(("locale", "word"), [("en", "not known"), ("ru", "Неизвестно")])
def test_a_lost_answer_is_not_called_no_change(locale: str, word: str) -> None:
    """The connection may have broken after the commit: nobody may be told that nothing changed."""
    status, _headers, raw = PROBLEMS.unavailable(locale)
    detail = json.loads(raw)["detail"]
    assert status == 503
    assert word in detail
    assert "Nothing has changed" not in detail
    assert "Ничего не изменилось" not in detail


async def test_meanings_can_be_read(visitor: Visitor) -> None:
    found = await visitor.get("/problems/code_malformed")
    assert found.status == 200
    assert found.json["code"] == "code_malformed"
    assert "6 digits" in found.json["text"]
    visitor.language = "ru"
    assert "код" in (await visitor.get("/problems/code_wrong")).json["title"].lower()
    assert (await visitor.get("/problems/unavailable")).json["status"] == 503
    assert (await visitor.get("/problems/none")).code == "path_unknown"


@pytest.mark.parametrize(
    "path",
    ["/", "/api", "/api/v1", "/api/v1/", "/api/v2/requests", "/api/v1/requests/", "/openapi.json/",
     "/api/v1/account%0A", "/api/v1/requests/x/y", "/api/v1/requests//codes", "/%00"],
)  # fmt: skip
async def test_there_is_nothing_elsewhere(visitor: Visitor, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = await visitor.ask(method, path)
        assert (answer.status, answer.code) == (404, "path_unknown")


async def test_methods_that_are_not_served(visitor: Visitor) -> None:
    for method, path, allow in (
        ("PUT", "/api/v1/requests", "GET, HEAD, POST"),
        ("PUT", "/api/v1/account", "GET, HEAD"),
        ("OPTIONS", "/api/v1/sessions", "DELETE, GET, HEAD"),
        ("HEAD", "/api/v1/objections", "POST"),
        ("TRACE", "/openapi.json", "GET, HEAD"),
    ):
        answer = await visitor.ask(method, path)
        assert (answer.status, answer.headers["allow"]) == (405, allow)


async def test_head_is_get_without_its_body(visitor: Visitor) -> None:
    for path in ("/openapi.json", "/api/v1/account", "/nowhere"):
        get, head = await visitor.get(path), await visitor.ask("HEAD", path)
        assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")


async def test_a_body_is_read_by_the_door(visitor: Visitor) -> None:
    path = "/api/v1/requests"
    large = await visitor.ask("POST", path, [b"x" * 1_000] * 1_000, JSON)
    assert (large.status, large.code) == (413, "body_too_large")
    form = await visitor.ask("POST", path, [b"kind=enrol"])
    assert (form.status, form.code) == (415, "content_type_wrong")


class Broken(Exception):
    """Nobody expects this."""


def with_pages(house: House, reported: list[BaseException], error: Exception) -> Visitor:
    """A service with pages of another door, each of which goes wrong in its way."""

    async def fails(_request: Request) -> PlainTextResponse:
        raise error

    async def half(_request: Request) -> StreamingResponse:
        async def pieces() -> Any:
            yield b"half"
            raise error

        return StreamingResponse(pieces())

    pages = [Route("/fails", fails, methods=["GET"]), Route("/half", half), Route("/api/x", fails)]
    return Visitor(build(
        house.desk, JOURNEYS, intake=house.intake, unavailable=Unavailable,
        report=reported.append, extra_routes=pages,
    ))  # fmt: skip


async def test_a_bug_tells_nothing_and_is_reported(
    house: House, reported: list[BaseException]
) -> None:
    error = Broken("+79161234567")
    visitor = with_pages(house, reported, error)
    answer = await visitor.get("/fails")
    assert (answer.status, answer.code) == (500, "internal")
    assert b"7916" not in answer.body
    assert reported == [error]


async def test_half_an_answer_is_not_made_whole(
    house: House, reported: list[BaseException]
) -> None:
    with pytest.raises((Broken, ExceptionGroup)):
        await with_pages(house, reported, Broken()).get("/half")


async def test_a_database_away(house: House, reported: list[BaseException]) -> None:
    answer = await with_pages(house, reported, Unavailable("away")).get("/fails")
    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.headers["retry-after"] == "5"
    assert reported == []


async def test_a_database_away_for_the_api(
    house: House, app: App, reported: list[BaseException]
) -> None:
    await house.engine.close()
    answer = await Visitor(app).post(
        "/api/v1/requests", {"kind": "enrol", "number": "+79161234567"}
    )
    assert (answer.status, answer.code, reported) == (503, "unavailable", [])


async def test_words_of_starlette_become_ours(house: House, reported: list[BaseException]) -> None:
    visitor = with_pages(house, reported, HTTPException(404))
    assert (await visitor.get("/fails")).code == "path_unknown"
    wrong = await visitor.ask("POST", "/fails")
    assert (wrong.status, wrong.code) == (405, "method_not_allowed")
    assert set(wrong.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert (await visitor.get("/api/x")).code == "path_unknown"
    assert reported == []


async def test_who_is_gone_is_no_bug(app: App, reported: list[BaseException]) -> None:
    with pytest.raises(ValueError, match="not enough values"):
        await Visitor(app).ask("POST", "/api/v1/requests", [], JSON)
    assert reported == []

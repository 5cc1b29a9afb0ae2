"""What is looked at on every page finds what it looks for: each wrong page here is found out."""

from base64 import b64encode
from hashlib import sha256

import pytest
from playwright.async_api import Route

from tests.browser import looks
from tests.browser.people import People, Person

WRONG = {
    "an unlabelled field": ("<input name=a>", "", "label: "),
    "grey on grey in the dark": (
        "<p>Read me</p>",
        "@media (prefers-color-scheme: dark) { body { background: #333; color: #555 } }",
        "in the dark, color-contrast",
    ),
    "a control too small to hit": (
        "<button>1</button><button>2</button>",
        "button { width: 12px; height: 12px; padding: 0; border: 0; font-size: 6px }",
        "target-size",
    ),
    "wider than a phone": ("<pre>a line that is far too long</pre>", "pre { width: 360px }", "320"),
    "a page that jumps": (
        "<div id=late></div><p>Text that moves while it is read</p>",
        "#late { height: 0; animation: x 1ms 90ms forwards } @keyframes x { to { height: 300px } }",
        "it jumps",
    ),
    "a button without the keyboard": ("<button tabindex=-1>Pay</button>", "", "does not reach"),
    "a focus that nobody sees": (
        "<a href=/>Home</a>",
        "a:focus { outline: none }",
        "nobody sees that it has the focus",
    ),
    "a bar over what has the focus": (
        "<a href=/>Home</a><div id=bar></div>",
        "#bar { position: fixed; inset: 0; background: #fff }",
        "something covers it",
    ),
    "a script that fails": ("<script>missing()</script>", "", "missing is not defined"),
    "a picture that is not there": ("<img src=/lost.png alt=Lost>", "", "404"),
    "a style that the policy forbids": (
        "<p style='color: red'>Red</p>",
        "",
        "Content Security Policy",
    ),
}
PAGE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>A page</title><link rel="icon" href="data:,"><style>{style}</style>
<main><h1>A page</h1>{body}</main></html>"""
POLICY = "default-src 'none'; script-src 'unsafe-inline'; img-src 'self' data:; style-src {hash}"


async def shown(somebody: Person, body: str, style: str = "") -> None:
    """Show a page that no template made."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    headers = {"content-security-policy": POLICY.format(hash=f"'sha256-{digest}'")}

    async def answer(route: Route) -> None:
        if route.request.is_navigation_request():
            html = PAGE.format(body=body, style=style)
            await route.fulfill(body=html, content_type="text/html", headers=headers)
        else:
            await route.fulfill(status=404)

    await somebody.context.route("**/*", answer)
    await somebody.opens("/")


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_page_is_found_out(people: People, wrong: str) -> None:
    body, style, said = WRONG[wrong]
    somebody = await people.somebody()

    async def comes_and_stays() -> None:
        await shown(somebody, body, style)
        await somebody.page.wait_for_timeout(150)
        await somebody.looks()

    with pytest.raises(AssertionError, match=said):
        await comes_and_stays()


async def test_a_good_page_is_let_through(people: People) -> None:
    somebody = await people.somebody()
    await shown(
        somebody,
        "<form><label>Name <input name=name></label>"
        "<fieldset><legend>How</legend><label><input type=radio name=how value=a> By SMS</label>"
        "<label><input type=radio name=how value=b checked> By e-mail</label></fieldset>"
        "<button>Send</button></form>",
        "input, button { min-height: 44px; margin: 8px; min-width: 24px }",
    )


async def test_looking_leaves_the_page_as_it_was(people: People) -> None:
    somebody = await people.somebody()
    await shown(somebody, "<label>Name <input name=name autofocus></label><a href=/>Home</a>")
    await somebody.page.keyboard.type("Anna")
    assert await looks.unreachable(somebody.page) == []
    await somebody.page.keyboard.press("End")
    await somebody.page.keyboard.type(" B.")
    assert await somebody.page.locator("input").input_value() == "Anna B."

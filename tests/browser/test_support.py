"""Writing to people: from the question what they can help with to a case with a photograph of a
passport in it, and the correspondence to take home."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import FilePayload

from rebind.providers.blobs.folder import FolderBlobs
from tests import uploads
from tests.browser.house import Door, OpenHouse
from tests.browser.people import People, Person, Way
from tests.people import ANNA, ANNA_NEW
from tests.workshops import Workshop

MAIL = "new.anna@example.net"
CASE, REQUEST = r"/support/[\w-]{44}", r"/requests/[0-9a-f]{32}"


@pytest.fixture
def papers(house: OpenHouse, door: Door, tmp_path: Path) -> Workshop:
    """Documents rest in a folder of this story; who opens them is played."""
    played = Workshop()
    house.intake = msgspec.structs.replace(
        house.intake, papers=played, blobs=FolderBlobs(tmp_path / "documents")
    )
    door.leads_to = house.application()
    return played


def read(file: Path) -> str:
    """What was downloaded."""
    return file.read_text("utf-8")


async def writes(who: Person) -> None:
    """To the support desk, and both codes."""
    await who.opens("/support")
    await who.is_at("/support", "What can we help with?")
    await who.follows("I have no access to my account")
    await who.page.locator("textarea").fill("My phone fell into the river.\n\nWhat now?")
    await who.sends(claimed=ANNA, number=ANNA_NEW, contact=MAIL)
    await who.is_at(REQUEST, "Confirm where we reach you")
    code = await who.inbox(MAIL).code()
    await who.sends(code_contact=code, code_new=await who.inbox(ANNA_NEW).code())
    await who.is_at(REQUEST, "We have your message")
    await who.reads("It is case %(reference)s.")
    await who.reads("We answer by %(day)s.")
    await who.follows("To my case")


async def chooses(who: Person, *files: bytes) -> None:
    """Photographs, in the field for files."""
    given = [
        FilePayload(name=f"{place}.png", mimeType="image/png", buffer=file)
        for place, file in enumerate(files)
    ]
    await who.page.locator("input[type=file]").set_input_files(given)


async def test_a_photograph_and_the_way_home(
    people: People, house: OpenHouse, papers: Workshop
) -> None:
    await house.bring_in(ANNA)
    anna = await people.somebody("ru")
    await writes(anna)
    case = anna.path
    assert case.removeprefix("/support/") == (await anna.inbox(MAIL).link()).rpartition("/")[2]
    papers.refusing = "type_unknown"
    await chooses(anna, uploads.photograph())
    await anna.page.get_by_role("button", name=anna.word("Send the document")).click()
    mistake = anna.page.locator("[data-upload-error]:visible")
    assert anna.word("This kind of file cannot be used") in await mistake.inner_text()
    papers.refusing = None
    await chooses(anna, uploads.photograph(), uploads.photograph(80))
    await anna.presses("Send the document")
    assert anna.path == case
    told = anna.word("Passport: the page with the photograph")
    assert (await anna.text()).count(told) == 3, "two documents, and the field for more"
    async with anna.page.expect_download() as downloading:
        await anna.page.get_by_role("link", name="JSON").click()
    taken = json.loads(read(await (await downloading.value).path()))
    assert [each["kind"] for each in taken["case"]["documents"]] == ["identity", "identity"]
    assert taken["case"]["messages"][0]["text"].endswith("What now?")


async def test_without_scripts_one_after_the_other(
    people: People, house: OpenHouse, papers: Workshop
) -> None:
    await house.bring_in(ANNA)
    anna = await people.somebody("ru", Way.NO_SCRIPT)
    await writes(anna)
    papers.refusing = "damaged"
    await chooses(anna, uploads.photograph())
    await anna.page.locator("select").select_option("operator_contract")
    await anna.presses("Send the document")
    assert anna.status == 422
    await anna.reads("We could not open this file")
    papers.refusing = None
    await chooses(anna, uploads.photograph())
    await anna.presses("Send the document")
    assert re.fullmatch(CASE, anna.path)
    await anna.reads("The operator's contract for the number")
    await anna.page.locator("textarea").fill("And the contract of my number.")
    await anna.presses("Send the message")
    assert "And the contract of my number." in await anna.text()
    async with anna.page.expect_download() as downloading:
        await anna.page.get_by_role("link", name="HTML").click()
    page = read(await (await downloading.value).path())
    assert "And the contract of my number." in page

"""Changing the number, by the ways that people know: over the site and over the app."""

from rebind.templates.catalogue import Locale
from tests.browser.house import OpenHouse
from tests.browser.people import DESK, PHONE, People, Telling
from tests.people import ANNA, ANNA_MAIL, ANNA_NEW, BORIS

REQUEST = r"/requests/[0-9a-f]{32}"


async def test_both_codes_change_the_number(
    people: People, house: OpenHouse, told: Telling
) -> None:
    anna = await people.holder(ANNA, *told, emails=(ANNA_MAIL,))
    await anna.opens("/")
    await anna.is_at("/profile", "My profile")
    await anna.follows("Security settings")
    await anna.follows("Change number")
    await anna.sends(number=ANNA_NEW)
    await anna.is_at(REQUEST, "Confirm the change of number")
    await anna.sends(
        code_current=await anna.inbox(ANNA).code(), code_new=await anna.inbox(ANNA_NEW).code()
    )
    await anna.is_at(REQUEST, "Your number was changed")
    for address in (ANNA, ANNA_NEW, ANNA_MAIL):
        assert len(await anna.inbox(address).messages()) >= 1
    await anna.follows("To the security settings")
    await anna.reads("Confirmed on %(day)s")
    assert "33" in await anna.text()
    assert await house.value("SELECT count(*) FROM bindings WHERE released_at IS NULL") == 1


async def test_the_way_over_the_site_has_the_names_that_people_know(people: People) -> None:
    anna = await people.holder(ANNA, "ru", screen=DESK)
    await anna.opens("/profile")
    assert await anna.heading() == "Мой профиль"
    await anna.follows("Настройки безопасности")
    assert await anna.heading() == "Настройки безопасности"
    await anna.follows("Изменить номер")
    await anna.is_at("/phone/change", "Change number")
    await anna.opens("/security")
    await anna.follows("Отвязать")
    await anna.is_at("/phone/unlink", "Unlink the number")


async def test_the_way_over_the_app_has_the_names_that_people_know(people: People) -> None:
    anna = await people.holder(ANNA, "ru", screen=PHONE)
    await anna.opens("/")
    for label in ("Профиль", "Настройки", "Личные данные", "Изменить номер телефона"):
        await anna.follows(label)
    await anna.is_at("/phone/change", "Change number")


async def test_a_number_that_somebody_has_is_told_only_to_whoever_can_read_there(
    people: People, house: OpenHouse, language: Locale
) -> None:
    await house.bring_in(BORIS)
    anna = await people.holder(ANNA, language)
    await anna.opens("/phone/change")
    await anna.sends(number=BORIS)
    await anna.is_at(REQUEST, "Confirm the change of number")
    codes = [await anna.inbox(number).code() for number in (ANNA, BORIS)]
    await anna.sends(code_current=codes[0], code_new=codes[1])
    assert anna.status == 409
    assert "number_changed" not in await house.acts()


async def test_a_change_that_is_cancelled_changes_nothing(
    people: People, house: OpenHouse, told: Telling
) -> None:
    anna = await people.holder(ANNA, *told)
    await anna.opens("/phone/change")
    await anna.sends(number=ANNA_NEW)
    await anna.presses("Cancel")
    await anna.is_at(REQUEST, "Cancelled")
    assert (await house.acts())[-1] == "request_cancelled"


async def test_unlinking_offers_another_number(people: People, language: Locale) -> None:
    anna = await people.holder(ANNA, language)
    await anna.opens("/security")
    await anna.follows("Unlink")
    await anna.is_at("/phone/unlink", "Unlink the number")
    await anna.follows("Replace it with another number")
    await anna.is_at("/phone/change", "Change number")

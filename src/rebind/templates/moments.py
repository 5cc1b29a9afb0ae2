"""Moments in words.

For: telling people when something happened, when asking again makes sense, or by which day they
hear from us. Moments are always UTC and said to be UTC: we do not know where the reader is. Refuses
to read the clock: `now` is an argument. Neighbours: `refusals.py` and the messages.
"""

from datetime import UTC, date, datetime

from rebind.domain.units import MINUTE, SECOND, Ms
from rebind.templates.catalogue import Catalogue, known


def _(text: str) -> str:
    """Mark a text for the translation catalogues; it is translated where it is shown."""
    return text


# As they stand after a day: “24 November”, «24 ноября».
MONTHS = (
    _("January"),
    _("February"),
    _("March"),
    _("April"),
    _("May"),
    _("June"),
    _("July"),
    _("August"),
    _("September"),
    _("October"),
    _("November"),
    _("December"),
)
# As they stand after “by”: “by Wednesday”, «до среды».
WEEKDAYS = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)
SHORT = {"ru": "%d.%m.%Y %H:%M UTC", "en": "%Y-%m-%d %H:%M UTC"}
"""Digits only, for SMS: in each language the order that cannot be misread."""

_catalogue = Catalogue()


def at(moment: Ms, locale: str) -> str:
    """“24 November 2025, 16:00 UTC”."""
    then = _utc(moment)
    return f"{_day_and_year(then, locale)}, {then:%H:%M} UTC"


def at_short(moment: Ms, locale: str) -> str:
    """“2025-11-24 16:00 UTC”."""
    return _utc(moment).strftime(SHORT[known(locale)])


def until(moment: Ms, locale: str, now: Ms) -> str:
    """“14:32 UTC” today, else “14:32 UTC on 25 November”, with the year where it is another one.
    Rounded up to the minute, so that nobody who comes at the told time comes too early."""
    then, today = _utc(-(-moment // MINUTE) * MINUTE), _utc(now)
    clock = f"{then:%H:%M} UTC"
    if then.date() == today.date():
        return clock
    if then.year == today.year:
        day = _day(then, locale)
    else:
        day = _day_and_year(then, locale)
    return _catalogue.text(locale, _("{clock} on {day}")).format(clock=clock, day=day)


def by_day(day: date, locale: str) -> str:
    """“Wednesday 14 January”, as it stands after “by”. A promise is for a day of the desk's
    calendar: whoever promises has reckoned it in the desk's zone. It lies days ahead, so that it
    needs no year."""
    weekday = _catalogue.text(locale, WEEKDAYS[day.weekday()])
    month = f"{day.day} {_catalogue.text(locale, MONTHS[day.month - 1])}"
    return _catalogue.text(locale, _("{weekday} {day}")).format(weekday=weekday, day=month)


def _day(then: datetime, locale: str) -> str:
    return f"{then.day} {_catalogue.text(locale, MONTHS[then.month - 1])}"


def _day_and_year(then: datetime, locale: str) -> str:
    return _catalogue.text(locale, _("{day} {year}")).format(day=_day(then, locale), year=then.year)


def _utc(moment: Ms) -> datetime:
    return datetime.fromtimestamp(moment // SECOND, UTC)

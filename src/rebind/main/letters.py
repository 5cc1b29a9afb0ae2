"""Letters in: the listener for replies to cases, beside the worker, where the administrator has
said where it listens."""

import asyncio
from collections.abc import Callable
from email.utils import parseaddr

from rebind.domain import mail_in
from rebind.domain.letters import Letter, Received
from rebind.domain.units import Id
from rebind.flows import correspondence
from rebind.main.furnishing import House
from rebind.store.statements import Unavailable


async def listen(
    house: House, stop: asyncio.Event, report: Callable[[BaseException], None]
) -> None:
    """Take letters until `stop`; nothing where no place is set."""
    settings = house.settings
    if settings.mail_in is None:
        return
    place = mail_in.place(settings.mail_in)
    replies = mail_in.reply_to(settings.mail_reply_to or "")
    if place is None or replies is None:
        raise ValueError("these settings were looked at before")
    from rebind.entrypoints.mail.door import MailDoor

    async def received(letter: Letter, case_id: Id, mark: bytes) -> Received:
        try:
            return await correspondence.receive(house.desk, letter, case_id, mark)
        except Unavailable:
            return Received.TRY_LATER

    sender = parseaddr(settings.mail_from or "")[1].rpartition("@")[2]
    door = MailDoor(
        place,
        replies,
        frozenset({replies.domain, sender}),
        house.seal,
        house.desk.clock,
        received,
        report,
        clients=settings.mail_in_clients,
    )
    await door.start()
    try:
        await stop.wait()
    finally:
        await door.stop()

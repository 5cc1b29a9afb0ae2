"""Names to be guessed at: numbers and mailboxes that somebody has, and others just like them that
nobody has.

Every name is used once, so that no counter of an earlier try tells known and unknown apart. What
the accounts have set is written as rows, by the store's own statements; nobody proved anything.
Neighbours: `guessing.py` and `flood.py` knock at these doors.
"""

import asyncio
import time
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from bench.town import Database
from rebind.domain import assurance, mailbox
from rebind.domain.evidence import Proof
from rebind.domain.request import Kind, State
from rebind.domain.units import DAY, HOUR, Ms
from rebind.flows import seed
from rebind.ports import Seal
from rebind.providers.dice.system import SystemDice
from rebind.providers.hasher.argon2 import Argon2
from rebind.store import accounts, emails, numbers, passwords, requests
from rebind.store.engines import open_engine
from rebind.store.statements import Write

PASSWORD: Final = "the kettle sings at four in the morning"
"""Everybody's, hashed once: a hash costs the same to compare with whosever it is."""

WRONG: Final = "the kettle sleeps at four in the morning"

_AT_ONCE: Final = 64
_SET_BY: Final = assurance.stored((Proof.CODE_CURRENT, Proof.KNOWN_DEVICE))


class Has(StrEnum):
    """What is behind a name."""

    NOTHING = "nobody"
    ACCOUNT = "an account"
    MAILBOX = "an account with a mailbox"
    NO_MAILBOX = "an account without a mailbox"
    PASSWORD = "an account with a password"
    NO_PASSWORD = "an account without a password"
    CHANGE = "a change to undo"
    NO_CHANGE = "an account without a change"


class Names:
    """So many names of each kind for each use. Numbers and mailboxes of one place in the row have
    the same length whoever has them."""

    def __init__(self, uses: Sequence[tuple[str, Has]], count: int) -> None:
        self.count = count
        self._known = [use for use in uses if use[1] is not Has.NOTHING]
        self._unknown = [use for use in uses if use[1] is Has.NOTHING]

    @property
    def size(self) -> int:
        """How many accounts that takes."""
        return len(self._known) * self.count

    def number(self, use: str, has: Has, i: int) -> str:
        """One number; of a change the number that it left behind."""
        if has is Has.NOTHING:
            return f"+7925{self._place(use, has, i):07d}"
        return seed.number(self._place(use, has, i))

    def mailbox(self, use: str, has: Has, i: int) -> str:
        """One mailbox."""
        some = 1 if has is Has.NOTHING else 2
        return f"person{some}{self._place(use, has, i):07d}@example.org"

    def _place(self, use: str, has: Has, i: int) -> int:
        among = self._unknown if has is Has.NOTHING else self._known
        return among.index((use, has)) * self.count + i

    async def furnish(self, database: Database, seal: Seal) -> None:
        """Give the seeded accounts of that database what they are to have."""
        engine = await open_engine(database.url, connections=8, fraction=lambda: 0.5)
        hasher, turn = Argon2(), asyncio.Semaphore(_AT_ONCE)
        furnisher = _Furnisher(seal, await hasher.hash(PASSWORD))

        async def give(batches: Sequence[Sequence[Write]]) -> None:
            async with turn:
                for batch in batches:
                    await engine.write(batch)

        try:
            async with asyncio.TaskGroup() as group:
                for use, has in self._known:
                    for i in range(self.count):
                        place, address = self._place(use, has, i), self.mailbox(use, has, i)
                        group.create_task(give(furnisher.batches(place, address, has)))
        finally:
            await hasher.close()
            await engine.close()


class _Furnisher:
    """What an account has set, as writes."""

    def __init__(self, seal: Seal, hashed: str) -> None:
        self._seal, self._hashed, self._dice = seal, hashed, SystemDice()
        self._now = time.time_ns() // 1_000_000
        self._long_ago = self._now - 20 * DAY

    def batches(self, i: int, address: str, has: Has) -> list[list[Write]]:
        """For account `i` as it was seeded."""
        if has in (Has.ACCOUNT, Has.NO_MAILBOX):
            return []
        account, writes = seed.account_id(i), [self._email(seed.account_id(i), address)]
        if has is Has.PASSWORD:
            place = self._dice.id(self._now)
            sealed = self._seal.seal("passwords.hash", place, self._hashed)
            writes.append(passwords.add(account, place, sealed, True, _SET_BY, self._long_ago))
        if has is Has.CHANGE:
            return [writes, *self._change(i, account, self._now - HOUR)]
        return [writes]

    def _email(self, account: bytes, address: str) -> Write:
        place = self._dice.id(self._now)
        key = self._seal.index("email", mailbox.canonical(address))
        sealed = self._seal.seal("emails.address", place, address)
        return emails.add(account, place, key, sealed, _SET_BY, self._long_ago)

    def _change(self, i: int, account: bytes, at: Ms) -> list[list[Write]]:
        """The number was changed an hour ago and can be had back."""
        old, new, request = seed.number(i), f"+7903{i:07d}", self._dice.id(at)
        until = at + 72 * HOUR
        old_keys = self._seal.indexes("number", old)
        new_keys = self._seal.indexes("number", new)
        sealed = self._seal.seal("bindings.number", accounts.place_of(account, 2), new)
        asked = self._seal.seal("requests.number", request, new)
        begun = requests.begin(
            request, Kind.CHANGE, account, 1, None, None, bytes(32), new_keys[0], asked, "RU",
            at, at + HOUR,
        )  # fmt: skip
        done = [
            requests.end(request, 1, State.DONE, "C1", at, None, until),
            accounts.rebound(account, 1, at),
            accounts.release(account, 1, Kind.CHANGE, at),
            accounts.bind(account, 2, sealed, new_keys[0], "RU", at, at),
            *numbers.hold(old_keys, account, 1, until, at),
            *numbers.reserve(new_keys, account, 2, at),
        ]
        # One batch may not touch the same row twice.
        return [[begun], done]

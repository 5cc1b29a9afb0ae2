"""Mail of the demo: into the outbox in memory.

For: demo mode. Refuses nothing and reaches nobody; `rebind serve` refuses to start in production
with it. Neighbour: `providers/demo_outbox.py`, which fills `Outbox`.
"""

from typing import Protocol

from rebind.ports import Rendered


class Outbox(Protocol):
    """Where the demo's messages go."""

    def deliver(
        self, message_id: str, channel: str, to: str, text: str, subject: str, html: str
    ) -> None:
        """Keep one message."""


class DemoMail:
    """Delivers at once and always."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def send(self, message_id: str, to: str, words: Rendered) -> None:
        """Keep it in the outbox."""
        self._outbox.deliver(message_id, "mail", to, words.text, words.subject, words.html)

    async def close(self) -> None:
        """Nothing is held."""

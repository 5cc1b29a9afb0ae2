"""SMS of the demo: into the outbox in memory.

For: demo mode. Refuses nothing and reaches nobody; `rebind serve` refuses to start in production
with it. Neighbour: `providers/demo_outbox.py`, which fills `Outbox`.
"""

from typing import Protocol


class Outbox(Protocol):
    """Where the demo's messages go."""

    def deliver(self, message_id: str, channel: str, to: str, text: str) -> None:
        """Keep one message."""


class DemoSms:
    """Delivers at once and always."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def send(self, message_id: str, to: str, text: str) -> None:
        """Keep it in the outbox."""
        self._outbox.deliver(message_id, "sms", to, text)

    async def close(self) -> None:
        """Nothing is held."""

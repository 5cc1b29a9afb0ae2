"""No carrier: the answer is always "unknown".

For: installations without a contract with an operator or a CAMARA aggregator. Refuses to guess:
the rule treats an unknown answer as the careful one. Neighbour: `ports.Carrier`.
"""

from rebind.domain.evidence import CarrierFacts
from rebind.domain.units import Ms


class NoCarrier:
    """Knows nothing about any number."""

    async def ask(self, number: str, since: Ms) -> CarrierFacts:
        """Unknown SIM, unknown subscriber."""
        return CarrierFacts()

"""The desk: one unit of work, and the machinery that every journey's flow needs.

`desk.py` holds what a flow is given; `tokens.py` reads and makes tokens; `callers.py` says who
asks; `budgets.py` counts; `codes.py` sends codes; `dossier.py` reads a request whole; `answers.py`
compares proofs that are no codes, and `tries.py` counts them first; `permits.py` spends a
re-authentication; `opening.py` begins requests and opens sessions; `finishing.py` is what a journey
hands back at its end; `notices.py` tells every address; `views.py` is what a door may show. At
the support desk `operators.py` says who asks, and `operator_ways.py` what ways in are made of.
"""

from rebind.flows.desk.answers import Given
from rebind.flows.desk.desk import Caller, Desk
from rebind.flows.desk.finishing import Finished, Journey, Journeys
from rebind.flows.desk.views import RequestView, SentCode, SessionGiven

__all__ = [
    "Caller",
    "Desk",
    "Finished",
    "Given",
    "Journey",
    "Journeys",
    "RequestView",
    "SentCode",
    "SessionGiven",
]

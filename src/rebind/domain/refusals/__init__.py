"""Every way in which Rebind says no: one closed list of stable codes.

`catalogue.py` says what an entry is; the entries stand in `sent.py` (it could not be read),
`journeys.py`, `factors.py`, `documents.py` and `operators.py`. Whoever refuses imports from here.
"""

from rebind.domain.refusals.cases import *  # noqa: F403
from rebind.domain.refusals.catalogue import CATALOGUE as CATALOGUE
from rebind.domain.refusals.catalogue import Level as Level
from rebind.domain.refusals.catalogue import Refusal as Refusal
from rebind.domain.refusals.catalogue import Refused as Refused
from rebind.domain.refusals.documents import *  # noqa: F403
from rebind.domain.refusals.factors import *  # noqa: F403
from rebind.domain.refusals.journeys import *  # noqa: F403
from rebind.domain.refusals.operators import *  # noqa: F403
from rebind.domain.refusals.sent import *  # noqa: F403

"""Settings: what an administrator may set. Handed down as values; only the front hall sees them.

`values.py` has them, each with its default and its words; `checks.py` refuses what cannot be.
"""

from rebind.settings.checks import Rules, check, check_at_rest, rules
from rebind.settings.values import DEFAULT_DATABASE, DEFAULT_KEYS, PREFIX, Settings, Unfit, load

__all__ = [
    "DEFAULT_DATABASE",
    "DEFAULT_KEYS",
    "PREFIX",
    "Rules",
    "Settings",
    "Unfit",
    "check",
    "check_at_rest",
    "load",
    "rules",
]

"""Logs: one JSON object a line on standard error, with everything personal taken out.

A code, a phone number, an address or a token must never reach a log (invariant 11), whatever a
library puts into a message or a traceback: every text passes `redacted` before it is written.
"""

import logging
import re
import sys
from typing import Any

import structlog

_PERSONAL = (
    (re.compile(r"\br[srdvf]_[A-Za-z0-9_-]{16,}"), "[token]"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    # Also with blanks, dashes and brackets between the digits; ids and times are handled below.
    (re.compile(r"(?<![0-9A-Fa-f])\+?\d[\d\-. ()]{4,}\d(?![0-9A-Fa-f])"), "[digits]"),
)
_OURS = frozenset({"timestamp", "request_id", "account_id", "level", "event", "pid", "port"})
"""Fields that we fill ourselves, with ids and times; `event` holds fixed words only."""


def redacted(text: str) -> str:
    """The text without tokens, e-mail addresses and runs of six or more digits."""
    for pattern, instead in _PERSONAL:
        text = pattern.sub(instead, text)
    return text


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(each) for each in value]
    if isinstance(value, (int, float, bool)) or value is None:
        return value
    return redacted(repr(value))


def _redact(_logger: Any, _method: str, event: Any) -> Any:
    for key, value in event.items():
        if key not in _OURS:
            event[key] = _clean(value)
    return event


def configure(level: str) -> None:
    """Send structured logs, ours and the libraries', to standard error."""
    numeric = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        _redact,
        structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared[:3],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _message,
                *shared[3:],
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(numeric, logging.WARNING))


def _message(_logger: Any, _method: str, event: Any) -> Any:
    """A library's words are not fixed words of ours: they are redacted like everything else."""
    event["said"] = event.pop("event", "")
    event["event"] = "library"
    return event


def logger() -> Any:
    """The log. The event is a fixed word; what varies goes into fields."""
    return structlog.get_logger()

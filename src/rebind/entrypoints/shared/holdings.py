"""What is held of a person as programs read it: over the API, and in the file that is downloaded.

One shape for both: that of `flows/export.py`, with moments and ids written as everywhere outside,
and cases as they are downloaded one by one. Neighbours: `casefile.py`, `spelling.py`.
"""

from typing import Any

import msgspec

from rebind.entrypoints.shared import casefile
from rebind.entrypoints.shared.spelling import moment
from rebind.flows.export import Holdings


def written(held: Holdings) -> bytes:
    """The whole as JSON, a field a line, so that a person can read it too."""
    plain = {name: _plain(value) for name, value in msgspec.structs.asdict(held).items()}
    plain["made_at"] = moment(held.made_at)
    plain["cases"] = [
        casefile.correspondence(each, held.service, held.made_at).case for each in held.cases
    ]
    return msgspec.json.format(msgspec.json.encode(plain), indent=2)


def _plain(value: Any) -> Any:
    """A value with its moments and ids written; fields that are moments end in `at` or `since`."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return value.hex()
    if not isinstance(value, msgspec.Struct):
        return value
    return {
        name: moment(part) if isinstance(part, int) and _is_moment(name) else _plain(part)
        for name, part in msgspec.structs.asdict(value).items()
    }


def _is_moment(name: str) -> bool:
    return name.rpartition("_")[2] in ("at", "since", "until")

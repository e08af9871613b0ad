"""The patterns, one file each: role functions that read like a pyzmq tutorial, and one `PATTERN` declaration."""

from __future__ import annotations

import importlib
from pathlib import Path

from zmqtui.core.model import BadInput, Pattern
from zmqtui.core.text import printable

_ORDER = ("request_reply", "publish_subscribe", "pipeline")


def every() -> tuple[Pattern, ...]:
    """Return all patterns found in this folder, the founding three first."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    ordered = [*_ORDER, *(name for name in found if name not in _ORDER)]
    return tuple(importlib.import_module(f"{__name__}.{name}").PATTERN for name in ordered)


def find(name: str) -> Pattern:
    """Return the pattern called `name`.

    Raises:
        BadInput: If there is none.
    """
    patterns = {pattern.name: pattern for pattern in every()}
    if name not in patterns:
        raise BadInput(f"unknown pattern {printable(name, 40)!r}: choose one of {', '.join(patterns)}")
    return patterns[name]

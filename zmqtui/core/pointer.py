"""Where each role's thread stands in its own source, read from the running threads."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from zmqtui.core.slot import Slot


class Pointer(NamedTuple):
    """A place in a role's source.

    Attributes:
        line: The line of the role function in its file, from 1.
    """

    line: int


def pointers(slots: Iterable[Slot]) -> dict[str, Pointer]:
    """Return where each running instance stands now, by instance.

    One look at all threads (some 50 µs); the threads themselves notice nothing.
    """
    frames = sys._current_frames()
    found = {}
    for slot in slots:
        actor = slot.actor
        frame = frames.get(actor.ident or 0) if actor and slot.alive else None
        if line := _line(frame, slot.role.function.__code__):
            found[slot.name] = Pointer(line)
    return found


def _line(frame: FrameType | None, code: CodeType) -> int:
    while frame is not None:
        if frame.f_code is code:
            return frame.f_lineno
        frame = frame.f_back
    return 0

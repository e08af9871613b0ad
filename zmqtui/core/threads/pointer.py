"""Where each role's thread stands in its own source, read from the running threads."""

from __future__ import annotations

from collections.abc import Iterable
from types import CodeType, FrameType
from typing import TYPE_CHECKING, NamedTuple

from zmqtui.core.export.source import code_of
from zmqtui.core.threads.frames import running

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

    One look at all threads; the threads themselves notice nothing.
    """
    slots = tuple(slots)
    codes = {role: code_of(role.function) for role in {slot.role for slot in slots}}
    found = {}
    with running() as frames:
        for slot in slots:
            actor, code = slot.actor, codes[slot.role]
            if actor and code and slot.alive and (line := _line(frames.get(actor.ident or 0), code)):
                found[slot.name] = Pointer(line)
    return found


def _line(frame: FrameType | None, code: CodeType) -> int:
    while frame is not None:
        if frame.f_code is code:
            return frame.f_lineno or 0
        frame = frame.f_back
    return 0

"""Which message a scene is about, and what there is to know of it."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final, NamedTuple

from zmqtui.core.frames.difference import compared
from zmqtui.core.frames.frames import Message, Part, Seat, anatomy, role_of, seat
from zmqtui.core.journal import RECEIVED, Event
from zmqtui.core.text import printable
from zmqtui.ui.event_index import MESSAGES, EventIndex
from zmqtui.ui.view import Scene

_BACK: Final = 500
"""Messages that are gone through for one of the same kind."""


class Seen(NamedTuple):
    """A message that is to be seen.

    Attributes:
        number: Its event's number.
        event: Its event.
        size: The bytes of all its frames.
        before: The one before of the same kind: of the same instance, in the same direction, at the same endpoint.
        difference: How it differs from that one, in words; nothing if there is none.
        seat: Where it was seen.
    """

    number: int
    event: Event
    size: int
    before: Event | None
    difference: str
    seat: Seat

    def parts(self, most: int) -> list[Part]:
        """Say what the first `most` frames are."""
        others = " or ".join(f"the {printable(role, 40)}" for role in self.seat.others)
        frames = self.event.frames[:most]
        return anatomy(Message(frames, self.seat.socket, self.event.kind != RECEIVED, self.event.peer or others))

    @property
    def comparable(self) -> tuple[bytes, ...] | None:
        """The frames of the one before, if it is plain which frame was which."""
        same = self.before and len(self.before.frames) == len(self.event.frames)
        return self.before.frames if self.before and same else None


def look(scene: Scene, last: Seen | None) -> Seen | None:
    """Return the message to show; None if there is none, or it was forgotten.

    Args:
        scene: What there is to see.
        last: What was found last: nothing is found out twice.
    """
    number = _number(scene)
    event = scene.index.get(number) if number is not None else None
    if number is None or event is None:
        return None
    if last and last.event is event:
        return last
    before = _before(scene.index, number, event)
    difference = compared(event.frames, before.frames) if before else ""
    return Seen(number, event, sum(map(len, event.frames)), before, difference, _seat(scene, event))


def _number(scene: Scene) -> int | None:
    """Return the number of the message to show: what was picked stays picked when it is forgotten."""
    picked = scene.picked
    if picked is not None:
        event = scene.index.get(picked)
        if event is None or event.kind in MESSAGES:
            return picked
    numbers = scene.index.messages(scene.selected)
    return numbers[-1] if numbers else None


def _before(index: EventIndex, number: int, event: Event) -> Event | None:
    numbers = index.messages(event.instance)
    place = bisect_left(numbers, number)
    for earlier in reversed(numbers[max(0, place - _BACK) : place]):
        found = index.get(earlier)
        if found and (found.kind, found.endpoint) == (event.kind, event.endpoint):
            return found
    return None


def _seat(scene: Scene, event: Event) -> Seat:
    instance = scene.stage.instance(event.instance)
    role = instance.role if instance else role_of(scene.stage.pattern, event.instance)
    return seat(scene.stage.pattern, role, event.endpoint, instance.ports if instance else ())

"""The rows of a sequence diagram, made from the events of one stretch of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from zmqtui.core.journal import LOST, RECEIVED, SENT, WALL, Event, skipped
from zmqtui.core.pairs.ends import body
from zmqtui.core.state import State
from zmqtui.core.text import printable
from zmqtui.ui.signs import SIGNS
from zmqtui.ui.views.ladder.arrows import Arrow, Group, Mark, Row
from zmqtui.ui.views.ladder.lanes import Lanes
from zmqtui.ui.views.ladder.story import Story

PROMPT: Final = 0.02
"""Seconds within which a message is delivered at once, where every message has a row of its own."""
LABEL: Final = 40
"""Characters of a message that an arrow can carry."""


class Stretch:
    """Makes the rows of one stretch of time.

    Args:
        story: What happened.
        lanes: The lanes that are shown.
        only: Whose messages to show; empty for everybody's.
        span: How long the stretch is; 0 where every message has a row of its own.
    """

    def __init__(self, story: Story, lanes: Lanes, only: str, span: float) -> None:
        self._story, self._lanes, self._only, self._span = story, lanes, only, span
        self._arrows: dict[object, Arrow] = {}
        self._marks: list[Mark] = []
        self._skips: dict[tuple[str, str], Event] = {}

    def group(self, numbers: Sequence[int], start: float, end: float) -> Group:
        """Return the rows of some events.

        Args:
            numbers: The events' numbers.
            start: When the stretch begins.
            end: When it ends.
        """
        messages = skips = 0
        for number in numbers:
            event = self._story.event(number)
            if event is None:
                continue
            if event.kind == SENT:
                messages += 1
                self._sent(number, event)
            elif event.kind == RECEIVED:
                messages += 1
                self._received(number, event)
            elif event.kind == LOST:
                self._lost(number, event)
            else:
                skips += event.messages if event.kind == "skipped" and event.text != LOST else 0
                self._mark(number, event)
        return Group(start, end, tuple(self._rows(start)), messages, skips)

    def _together(self, sent: Event, received: Event) -> bool:
        if self._span:
            return slot(sent.time, self._span) == slot(received.time, self._span)
        return received.time - sent.time <= PROMPT

    def _sent(self, number: int, event: Event) -> None:
        pairing = self._story.pairing
        prompt: list[tuple[int, str]] = []
        late = ""
        for target in pairing.targets.get(number, ()):
            received = self._story.event(target)
            if received and self._together(event, received):
                prompt.append((target, received.instance))
            elif received:
                late = received.instance
        if prompt:
            who = tuple(sorted({name for _, name in prompt}))
            self._add("sent", event, number, event.instance, who, others=[each for each, _ in prompt])
        else:
            doubtful = number in pairing.doubtful and not late
            self._add("stub", event, number, event.instance, (late,) if late else (), doubtful=doubtful)

    def _received(self, number: int, event: Event) -> None:
        source = self._story.pairing.source.get(number)
        sent = self._story.event(source) if source is not None else None
        if sent is None:
            self._add("half", event, number, event.peer, (event.instance,))
        elif not self._together(sent, event):
            note = f"+{delay(event.time - sent.time, 1)}"
            self._add("late", event, number, sent.instance, (event.instance,), note=note)

    def _lost(self, number: int, event: Event) -> None:
        note = printable(event.text)
        if self._story.ends.kind(event.endpoint, event.instance) == "REQ":
            # What it asked is lost, or the reply to it.
            self._add("lost", event, number, event.instance, (), note=note)
        else:
            self._add("lost", event, number, event.peer, (event.instance,), note=note)

    def _add(
        self,
        kind: str,
        event: Event,
        number: int,
        sender: str,
        receivers: tuple[str, ...],
        *,
        note: str = "",
        others: Iterable[int] = (),
        doubtful: bool = False,
    ) -> None:
        if self._only and self._only not in (sender, *receivers):
            return
        # Of a message that was received the sender is unknown or outside, or it has a lane.
        owner = receivers[0] if kind in ("half", "lost") and receivers else sender
        if not any(self._lanes.get(name) for name in (owner, *receivers)):
            return
        label = says(body(event.frames, self._story.ends.kind(event.endpoint, event.instance)))
        why = note if kind == "lost" else ""
        same = (kind, event.endpoint, sender, receivers, why, doubtful)
        arrow = self._arrows.get(same)
        if arrow is None:
            arrow = Arrow(kind, event.endpoint, sender, receivers, label, number, note, doubtful=doubtful)
            self._arrows[same] = arrow
        else:
            arrow.count += 1
            arrow.alike = arrow.alike and arrow.label == label
            arrow.number, arrow.note = number, note
        arrow.numbers += [number, *others]

    def _mark(self, number: int, event: Event) -> None:
        if not self._lanes.get(event.instance):
            return
        if event.kind == "state":
            state = next(state for state in State if state.value == event.text.partition(": ")[0])
            born = state.alive and state is not State.PAUSED
            sign, tone, _ = SIGNS[State.RUNNING if born else state]
            self._marks.append(Mark(event.instance, sign, tone, "starts" if born else state.value, number))
        elif not self._only or event.instance == self._only:
            if event.kind == "error":
                self._marks.append(Mark(event.instance, "!", "failed", printable(event.text, LABEL), number, wide=True))
            else:
                before = self._skips.pop((event.instance, event.text), None)
                if before:
                    told = skipped(before)
                    self._marks = [mark for mark in self._marks if (mark.name, mark.text) != (event.instance, told)]
                    event = event._replace(messages=event.messages + before.messages)
                self._skips[event.instance, event.text] = event
                self._marks.append(Mark(event.instance, "⋯", "quiet", skipped(event), number, wide=True))

    def _rows(self, start: float) -> list[Row]:
        """Put what does not touch side by side, in order."""
        rows: list[tuple[list[Arrow], list[Mark], list[tuple[int, int]]]] = []
        things: list[Arrow | Mark] = [*self._marks, *self._arrows.values()]
        for thing in things:
            low, high = self._extent(thing)
            if not rows or any(low <= right and left <= high for left, right in rows[-1][2]):
                rows.append(([], [], []))
            arrows, marks, taken = rows[-1]
            taken.append((low, high))
            if isinstance(thing, Mark):
                marks.append(thing)
            else:
                arrows.append(thing)
        return [
            Row(
                start,
                tuple(arrows),
                tuple(marks),
                first=not place,
                numbers=frozenset([mark.number for mark in marks] + [each for one in arrows for each in one.numbers]),
            )
            for place, (arrows, marks, _) in enumerate(rows)
        ]

    def _extent(self, thing: Arrow | Mark) -> tuple[int, int]:
        pitch = self._lanes.pitch
        if isinstance(thing, Mark):
            lane = self._lanes.get(thing.name)
            x = lane.x if lane else 0
            return x, x + (len(thing.text) + 2 if thing.wide else 1)
        if thing.kind == "lost":
            return 0, self._lanes.width
        places = [lane.x for lane in map(self._lanes.get, (thing.sender, *thing.receivers)) if lane]
        if thing.kind in ("stub", "half") or len(places) == 1:
            return min(places) - pitch + 1, max(places) + pitch - 1
        return min(places), max(places)


def slot(when: float, span: float) -> int:
    """Return the number of the stretch of `span` seconds that a moment is in; they begin as the clock's seconds do."""
    return int((when + WALL) / span)


def says(frames: tuple[bytes, ...]) -> str:
    """Return a message as short as an arrow can carry it."""
    return " │ ".join(printable(frame, LABEL) or "''" for frame in frames[:5]) or "''"


def delay(seconds: float, digits: int = 2) -> str:
    """Write how much later something was, seconds with so many decimals."""
    if seconds >= 0.9995:
        return f"{seconds:.{digits}f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"

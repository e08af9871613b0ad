"""A message taken apart: its frames by name, as rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from zmqtui.core.frames.difference import Difference
from zmqtui.core.frames.formats import TREES, Format, read
from zmqtui.core.frames.frames import BODY, DELIMITER, IDENTITY, SUBSCRIPTION, TOPIC, UNSUBSCRIPTION, Part
from zmqtui.core.frames.rows import Row, Span
from zmqtui.core.frames.trees import Tree

MOST = 2_000
"""Frames that are shown of one message."""


class Dissection:
    """The rows of a message.

    Args:
        frames: Its frames.
        parts: What they are.
        before: The frames of the message to compare with, if any.
        wanted: How to read them.
        levels: How many levels of JSON or MessagePack are unfolded.
        width: The columns there are.
    """

    def __init__(
        self,
        frames: Sequence[bytes],
        parts: Sequence[Part],
        before: Sequence[bytes] | None,
        wanted: Format,
        levels: int,
        width: int,
    ) -> None:
        self._frames, self._parts, self._before = frames, parts, before
        self._wanted, self._levels, self._width = wanted, levels, width
        self._trees: list[Tree] = []

    @property
    def unfolded(self) -> int:
        """The deepest level that was unfolded so far."""
        return max((tree.unfolded for tree in self._trees), default=0)

    @property
    def folds(self) -> bool:
        """Whether there is anything to fold."""
        return bool(self._trees)

    def rows(self) -> Iterator[Row]:
        """Make the rows, one by one."""
        for place, (frame, part) in enumerate(zip(self._frames, self._parts, strict=False)):
            old = self._before[place] if self._before and place < len(self._before) else None
            yield from self._frame(place, frame, part, old)
        if len(self._frames) > len(self._parts):
            yield [Span(f"… {len(self._frames) - len(self._parts):,} more frames", "quiet")]

    def _frame(self, place: int, frame: bytes, part: Part, old: bytes | None) -> Iterator[Row]:
        head = [Span("╭ " if frame else "╶ ", "quiet"), Span(f"frame {place + 1:,} of {len(self._frames):,}", "note")]
        head += [_DOT, *_size(frame), _DOT, Span(part.name, "name")]
        # An identity's note goes with its name: whose it is.
        whose = part.name not in (BODY, TOPIC)
        if part.note and whose:
            head.append(Span(f" {part.note}", "note"))
        head += _difference(frame, old)
        after = [_DOT, Span(part.note, "note")] if part.note and not whose else []
        if not frame:
            yield [*head, *after]
            return
        # Nobody expects JSON in an envelope.
        wanted = Format.AUTO if part.name in _ENVELOPE and self._wanted in TREES else self._wanted
        reading = read(frame, wanted, self._width - 2, self._levels, old)
        if reading.tree:
            self._trees.append(reading.tree)
        yield [*head, _DOT, Span(reading.format.value, "quiet"), *after]
        row: Row | None = None
        for following in reading.rows:
            if row is not None:
                yield [Span("│ ", "quiet"), *row]
            row = following
        if row is not None:
            yield [Span("╰ ", "quiet"), *row]


_ENVELOPE: Final = (IDENTITY, DELIMITER, TOPIC, SUBSCRIPTION, UNSUBSCRIPTION)
_DOT: Final = Span(" · ", "quiet")


def _size(frame: bytes) -> Row:
    if not frame:
        return [Span("∅ empty, 0 bytes", "word")]
    return [Span(f"{len(frame):,} byte" + ("s" if len(frame) != 1 else ""))]


def _difference(frame: bytes, old: bytes | None) -> Row:
    if old is None or old == frame:
        return []
    return [Span(" "), Span(f"≠ {Difference(frame, old).words}", "", changed=True)]

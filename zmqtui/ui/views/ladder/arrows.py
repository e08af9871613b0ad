"""What a row of a sequence diagram holds: arrows, which are messages, and marks, which are what else happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(slots=True)
class Arrow:
    """One or several messages of the same way and fate.

    Attributes:
        kind: ``sent`` is delivered at once, ``late`` was sent in an earlier row, ``stub`` is sent and not known to be
            received, ``half`` is received and nobody knows when it was sent, maybe not by whom, ``lost`` will not
            arrive.
        endpoint: Where.
        sender: From whom; empty where nobody knows.
        receivers: To whom; nobody where that is not known.
        label: What.
        number: The newest one's event.
        note: How late it is, or why it is lost.
        count: How many messages.
        numbers: The events.
        alike: Whether all of them have the same label.
        doubtful: Whether a stub may have been received.
    """

    kind: str
    endpoint: str
    sender: str
    receivers: tuple[str, ...]
    label: str
    number: int
    note: str = ""
    count: int = 1
    numbers: list[int] = field(default_factory=list)
    alike: bool = True
    doubtful: bool = False

    @property
    def text(self) -> str:
        """What is written on it."""
        label = self.label if self.alike else f"{self.label}, …"
        return f"{label} ×{self.count:,}" if self.count > 1 else label


class Mark(NamedTuple):
    """Something that happened on a lane.

    Attributes:
        name: Whose lane.
        sign: One character.
        tone: Its meaning.
        text: In words.
        number: The event.
        wide: Whether its words may cover other lanes.
    """

    name: str
    sign: str
    tone: str
    text: str
    number: int
    wide: bool = False


class Row(NamedTuple):
    """One row of a diagram.

    Attributes:
        time: When it is.
        arrows: What is in it, side by side.
        marks: What happened on lanes.
        gap: The seconds that pass here, for a row that tells so.
        first: Whether it is the first of its time.
        numbers: The events it is of.
    """

    time: float
    arrows: tuple[Arrow, ...] = ()
    marks: tuple[Mark, ...] = ()
    gap: float = 0.0
    first: bool = True
    numbers: frozenset[int] = frozenset()


class Group(NamedTuple):
    """The rows of one stretch of time.

    Attributes:
        start: When it begins.
        end: When it ends.
        rows: The rows.
        messages: How many messages they show.
        skipped: How many more there were.
    """

    start: float
    end: float
    rows: tuple[Row, ...]
    messages: int
    skipped: int

"""The boxes of the picture: instances one by one, as rows of one frame, or folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

OUTSIDE: Final = "outside"
"""The role of a box that stands for programs that are none of ours."""
TALL, COMPACT, FRAME, CHIPS, FOLDED = range(5)
"""How much room a role takes: boxes of four lines, of three, a frame with a line each, one with several in a line, one
with some folded."""


class Port(NamedTuple):
    """Where a wire meets a box.

    Attributes:
        endpoint: The endpoint's name.
        socket: The socket type.
        binds: Whether it binds there.
        takes: Whether messages come in.
        where: How the address is written; empty for who connects.
    """

    endpoint: str
    socket: str
    binds: bool
    takes: bool
    where: str

    def labels(self, *, right: bool) -> tuple[str, ...]:
        """Return how it can be written on the left or the right of its box, the shortest first."""
        if not self.binds:
            return (self.socket,)
        parts = [part for part in ("◉", self.socket) if part]
        long = [*parts, self.where]
        return tuple(" ".join(reversed(words) if right else words) for words in (parts, long))


class End(NamedTuple):
    """The place where a wire leaves a box.

    Attributes:
        names: The instances it is for: one, or all that are folded.
        port: The port.
        right: Whether it is on the right of the box.
        y: The row.
    """

    names: tuple[str, ...]
    port: Port
    right: bool
    y: int


class Item(NamedTuple):
    """A part of a box that stands for one instance, or for all that are folded.

    Attributes:
        names: The instances.
        y: The row of its first port.
    """

    names: tuple[str, ...]
    y: int


@dataclass(frozen=True)
class Box:
    """A box in its place.

    Attributes:
        role: Whose.
        names: The instances in it.
        level: How much room it takes.
        left: The ports on its left.
        right: The ports on its right.
        items: What is in it.
        x: The column.
        y: The row.
        width: With its border.
        height: With its border.
    """

    role: str
    names: tuple[str, ...]
    level: int
    left: tuple[Port, ...]
    right: tuple[Port, ...]
    items: tuple[Item, ...]
    x: int
    y: int
    width: int
    height: int

    def ends(self) -> list[End]:
        """Return where wires leave it."""
        return [
            End(item.names, port, right, item.y + row)
            for item in self.items
            for right, ports in ((False, self.left), (True, self.right))
            for row, port in enumerate(ports)
        ]

    @property
    def rows(self) -> int:
        """How many rows an item has for its ports."""
        return max(1, len(self.left), len(self.right))

    @property
    def chip(self) -> int:
        """The columns that a chip takes."""
        return chip_width(self.names)

    def at(self, x: int, y: int) -> str:
        """Return whom a cell stands for; the first one where there are several."""
        names = next((item.names for item in reversed(self.items) if y >= item.y), self.items[0].names)
        place = (x - self.x - 2) // self.chip if self.level == CHIPS else 0
        return names[min(max(place, 0), len(names) - 1)]


def number(name: str) -> str:
    """Return the number in an instance's name."""
    return name.rpartition("-")[2]


def chip_width(names: Sequence[str]) -> int:
    """Return the columns of a chip: the sign of a state, a number and a blank."""
    return 2 + max(len(number(name)) for name in names)

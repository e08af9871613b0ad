"""The boxes of the picture: instances one by one, as rows of one frame, or folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

OUTSIDE: Final = "outside"
"""The role of a box that stands for programs that are none of ours."""
TALL, COMPACT, FRAME, FOLDED = range(4)
"""How much room a role takes: boxes of four lines, of three, one frame with a line each, the same with some folded."""
_WORD, _AGED = 13, 19


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

    def at(self, y: int) -> tuple[str, ...]:
        """Return whom row `y` stands for."""
        for item in reversed(self.items):
            if y >= item.y:
                return item.names
        return self.items[0].names


@dataclass(frozen=True)
class Block:
    """A role's boxes, before they have their places.

    Attributes:
        role: The role.
        names: Its instances.
        left: The ports on the left.
        right: The ports on the right.
        level: How much room it takes.
        room: Rows for instances, where some are folded.
        first: Who must not be folded, the most important one in front.
    """

    role: str
    names: tuple[str, ...]
    left: tuple[Port, ...]
    right: tuple[Port, ...]
    level: int
    room: int = 0
    first: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows that an instance needs for its ports."""
        return max(1, len(self.left), len(self.right))

    @property
    def lines(self) -> int:
        """Its height."""
        count = len(self.names)
        if self.level in (TALL, COMPACT):
            return count * (self.rows + (3 if self.level == TALL else 2))
        return 2 + (count * self.rows if self.level == FRAME else self.room)

    @property
    def boxes(self) -> int:
        """How many boxes it has."""
        return len(self.names) if self.level in (TALL, COMPACT) else 1

    @property
    def widths(self) -> tuple[int, int, int]:
        """The width it must have, with which states can be read, and with which everything can be."""
        name = max(map(len, self.names))
        short, long = self._labels(0), self._labels(-1)
        if self.role == OUTSIDE:
            width = max(len(OUTSIDE) + 6, short + 4)
            return width, width, max(width, long + 4)
        if self.level == TALL:
            least = max(name + 4, short + 4)
            return least, max(least, _WORD + 4, long + 4), max(least, _AGED + 4, long + 4)
        if self.level == COMPACT:
            return max(name + 4, short + 7), max(name + 4, long + _WORD + 6), max(name + 4, long + _AGED + 6)
        beside = short + 2 if self.rows > 1 else 0
        least = max(name + 7 + beside, short + 6)
        return least, least + _WORD - 2, least + _AGED - 2

    def _labels(self, place: int) -> int:
        """Return the columns that the labels of the fullest row take."""
        most = 0
        for row in range(self.rows):
            left = [len(port.labels(right=False)[place]) for port in self.left[row : row + 1]]
            right = [len(port.labels(right=True)[place]) for port in self.right[row : row + 1]]
            most = max(most, sum(left) + sum(right) + (1 if left and right else 0))
        return most

    def groups(self) -> list[tuple[str, ...]]:
        """Return whom each item stands for."""
        if self.level != FOLDED or len(self.names) * self.rows <= self.room:
            return [(name,) for name in self.names]
        single = max(0, self.room // self.rows - 1)
        wanted = [name for name in self.first if name in self.names]
        chosen = set(list(dict.fromkeys([*wanted, *self.names]))[:single])
        return [*((name,) for name in self.names if name in chosen), tuple(n for n in self.names if n not in chosen)]


def level_down(block: Block, over: int, first: Sequence[str]) -> Block | None:
    """Return `block` as it is when it takes less room, or None where it cannot.

    Args:
        block: What takes too much room.
        over: By how many rows.
        first: Who must not be folded.
    """
    if len(block.names) == 1:
        return replace(block, level=COMPACT) if block.level == TALL else None
    if block.level in (TALL, COMPACT):
        return replace(block, level=block.level + 1)
    room = max(block.rows, block.lines - 2 - over)
    if room >= block.lines - 2:
        return None
    return replace(block, level=FOLDED, room=room, first=tuple(first))


def lines_of(blocks: Sequence[Block], blank: int) -> int:
    """Return the height of a column with `blank` rows between two boxes."""
    return sum(block.lines for block in blocks) + blank * max(0, sum(block.boxes for block in blocks) - 1)


def stack(blocks: Sequence[Block], x: int, y: int, width: int, blank: int) -> list[Box]:
    """Return the boxes of a column that begins at row `y`, one below the other."""
    boxes = []
    for block in blocks:
        groups = block.groups()
        for part in [[group] for group in groups] if block.level in (TALL, COMPACT) else [groups]:
            inner = y + (2 if block.level == TALL else 1)
            items = tuple(Item(group, inner + block.rows * number) for number, group in enumerate(part))
            height = block.lines // len(groups) if block.level in (TALL, COMPACT) else block.lines
            names = tuple(name for group in part for name in group)
            boxes.append(Box(block.role, names, block.level, block.left, block.right, items, x, y, width, height))
            y += height + blank
    return boxes

"""How a role's boxes come to be as large as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from zmqtui.ui.views.picture.boxes import (
    CHIPS,
    COMPACT,
    FOLDED,
    FRAME,
    OUTSIDE,
    TALL,
    Box,
    Item,
    Port,
    chip_width,
)

CHIPPED: Final = 16
"""The most instances that are drawn as chips."""
_ABREAST: Final = 6
"""The most chips in a line."""
_WORD, _AGED = 13, 19
"""Columns of a state with its name, and with its age."""


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
        if self.level == CHIPS:
            return 2 + -(-count // self.abreast)
        return 2 + (count * self.rows if self.level == FRAME else self.room)

    @property
    def abreast(self) -> int:
        """How many chips there are in a line."""
        return -(-len(self.names) // self.room)

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
        title = len(f"{self.role} ×{len(self.names)}") + 4
        if self.level == CHIPS:
            width = max(title, self.abreast * chip_width(self.names) + 3, short + 6)
            return width, width, width
        beside = short + 2 if self.rows > 1 else 0
        least = max(title, name + 7 + beside, short + 6)
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
        if self.level == CHIPS:
            return [self.names[place : place + self.abreast] for place in range(0, len(self.names), self.abreast)]
        if self.level != FOLDED or len(self.names) * self.rows <= self.room:
            return [(name,) for name in self.names]
        single = max(0, self.room // self.rows - 1)
        wanted = [name for name in self.first if name in self.names]
        chosen = set(list(dict.fromkeys([*wanted, *self.names]))[:single])
        return [*((name,) for name in self.names if name in chosen), tuple(n for n in self.names if n not in chosen)]


def level_down(block: Block, over: int, first: Sequence[str], *, chips: bool) -> Block | None:
    """Return `block` as it is when it takes less room, or None where it cannot.

    Args:
        block: What takes too much room.
        over: By how many rows.
        first: Who must not be folded.
        chips: Whether several may stand in one line.
    """
    if len(block.names) == 1:
        return replace(block, level=COMPACT) if block.level == TALL else None
    if block.level in (TALL, COMPACT):
        return replace(block, level=block.level + 1)
    room = max(block.rows, block.lines - 2 - over)
    if chips and block.rows == 1 and block.level in (FRAME, CHIPS) and len(block.names) <= CHIPPED:
        chipped = replace(block, level=CHIPS, room=room)
        if chipped.abreast <= _ABREAST and chipped.lines < block.lines:
            return chipped
    if block.level == FOLDED and room >= block.lines - 2:
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
            items = tuple(Item(group, inner + block.rows * row) for row, group in enumerate(part))
            height = block.lines // len(groups) if block.level in (TALL, COMPACT) else block.lines
            names = tuple(name for group in part for name in group)
            boxes.append(Box(block.role, names, block.level, block.left, block.right, items, x, y, width, height))
            y += height + blank
    return boxes

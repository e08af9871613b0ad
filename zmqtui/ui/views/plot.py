"""Draws lines over time in a terminal: two by four dots a cell, with axes, units and ticks that are easy to read.

Ours, since what there is did not keep the frame budget: a chart of 118 × 18 with four lines takes 17 ms with plotext 5
(which textual-plotext needs), without ticks that are easy to read; here it takes 2 ms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.content import Content

from zmqtui.ui.views.axes import DIM, amount, below, scale

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Attributes:
        name: For the legend; a line without a name is not in it.
        points: Where it goes through: seconds and values, in order.
        style: Its colour.
        value: Its present value, for the legend.
        gap: Dots left out after as many drawn ones, so that lines are told apart without colour; 0 for none.
    """

    name: str
    points: Sequence[tuple[float, float]]
    style: str
    value: str = ""
    gap: int = 0


def chart(
    lines: Sequence[Line],
    width: int,
    height: int,
    *,
    start: float,
    end: float,
    label: Callable[[float], str] = amount,
    logarithmic: bool = False,
    least: float = 0.0001,
) -> list[Content]:
    """Draw lines with their axes.

    Args:
        lines: What to draw; later ones cover earlier ones.
        width: Columns, the axis included.
        height: Rows, the axis included.
        start: The time at the left.
        end: The time at the right.
        label: Writes a value on the axis.
        logarithmic: Whether the axis of values is.
        least: The least step between two ticks.
    """
    rows = max(1, height - 2)
    values = [value for line in lines for _, value in line.points]
    bottom, top, ticks = scale(values, rows, logarithmic=logarithmic, least=least)
    marks = {_row(tick, bottom, top, rows, logarithmic): label(tick) for tick in ticks}
    # Of one width however large the numbers, so that nothing jumps sideways.
    margin = max(7, *map(len, marks.values()))
    columns = max(4, width - margin - 2)
    cells, owners = _raster(lines, columns, rows, start, end, bottom, top, logarithmic)
    out = []
    for row in range(rows):
        edge = f"{marks.get(row, ''):>{margin}} {'┤' if row in marks else '│'}"
        parts: list[tuple[str, str]] = [(edge, DIM)]
        parts += _runs(cells[row], owners[row], lines)
        out.append(Content.assemble(*parts))
    return out + below(columns, margin + 2, start, end)


def legend(lines: Sequence[Line]) -> list[Content]:
    """Name the lines and their present values."""
    return [
        Content.assemble(
            ("╍╍" if line.gap > 2 else "┅┅" if line.gap else "━━", line.style),
            (f" {line.name} ", "$foreground 70%"),
            (line.value, line.style),
        )
        for line in lines
        if line.name
    ]


def fitting(parts: Sequence[Content], width: int) -> Content:
    """Put as many parts side by side as there is room for."""
    shown: list[Content] = []
    for part in parts:
        width -= part.cell_length + 2
        if width < -2 and shown:
            break
        shown.append(part)
    return Content("  ").join(shown)


def _row(value: float, bottom: float, top: float, rows: int, logarithmic: bool) -> int:
    return rows - 1 - min(rows - 1, int(_share(value, bottom, top, logarithmic) * (rows * 4 - 1)) // 4)


def _share(value: float, bottom: float, top: float, logarithmic: bool) -> float:
    """Return how far up a value is, 0 to 1."""
    if logarithmic:
        value, bottom, top = math.log10(max(value, bottom)), math.log10(bottom), math.log10(top)
    return min(1.0, max(0.0, (value - bottom) / (top - bottom)))


def _raster(
    lines: Sequence[Line],
    columns: int,
    rows: int,
    start: float,
    end: float,
    bottom: float,
    top: float,
    logarithmic: bool,
) -> tuple[list[list[int]], list[list[int]]]:
    """Return the dots of each cell, and the line that owns it."""
    cells = [[0] * columns for _ in range(rows)]
    owners = [[-1] * columns for _ in range(rows)]
    across, up = columns * 2 - 1, rows * 4 - 1
    factor = across / (end - start)
    for owner, line in enumerate(lines):
        dots = [
            (round((when - start) * factor), round(_share(value, bottom, top, logarithmic) * up))
            for when, value in line.points
            if start <= when <= end
        ]
        before = dots[0] if dots else (0, 0)
        for dot in dots:
            _stroke(cells, owners, owner, before, dot, line.gap)
            before = dot
    return cells, owners


def _stroke(
    cells: list[list[int]],
    owners: list[list[int]],
    owner: int,
    before: tuple[int, int],
    dot: tuple[int, int],
    gap: int,
) -> None:
    """Draw from one dot to another: a piece upright in each column, so that steep lines have no holes."""
    (x0, y0), (x1, y1) = before, dot
    rows = len(cells)
    last = y0
    for x in range(x0, x1 + 1):
        y = y1 if x1 == x0 else y0 + round((y1 - y0) * (x - x0) / (x1 - x0))
        low, high = (last + 1, y) if y > last + 1 else (y, last - 1) if y < last - 1 else (y, y)
        last = y
        if gap and x // gap % 2:
            continue
        column, side = x >> 1, _DOTS[x & 1]
        for height in range(low, high + 1):
            row = rows - 1 - (height >> 2)
            if owners[row][column] != owner:
                # One colour a cell: the last line has it for itself.
                owners[row][column] = owner
                cells[row][column] = 0
            cells[row][column] |= side[3 - (height & 3)]


def _runs(cells: Sequence[int], owners: Sequence[int], lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Return a row as pieces of one style each."""
    runs: list[tuple[str, str]] = []
    text, style = "", ""
    for cell, owner in zip(cells, owners, strict=True):
        own = lines[owner].style if owner >= 0 else style
        if own != style and text:
            runs.append((text, style))
            text = ""
        style = own
        text += chr(0x2800 + cell) if cell else " "
    runs.append((text, style))
    return runs

"""Draws lines over time in a terminal: two by four dots a cell, with axes, units and ticks that are easy to read.

Ours, since what there is did not keep the frame budget: a chart of 118 × 18 with four lines takes 17 ms with plotext 5
(which textual-plotext needs), without ticks that are easy to read; here it takes 2 ms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.content import Content

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_TIMES = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
DIM = "$foreground 45%"
AXIS = "$foreground 30%"


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


def step_of(least: float) -> float:
    """Return the least 1, 2 or 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return float(next((each * power for each in (1, 2, 5) if each * power >= least * 0.999), 10 * power))


def amount(value: float) -> str:
    """Write a count or a rate on an axis."""
    if value >= 1e6:
        return f"{value / 1e6:g} M"
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def seconds(value: float) -> str:
    """Write a length of time with the unit that suits it."""
    if value <= 0:
        return "0 s"
    if value >= 0.9995:
        return f"{value:.3g} s" if value < 999.5 else f"{value:,.0f} s"
    return f"{value * 1e3:.3g} ms" if value >= 0.9995e-3 else f"{value * 1e6:.3g} µs"


def moment(value: float) -> str:
    """Write a time since the start."""
    if value < 60:
        return f"{value:g} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def scale(lines: Sequence[Line], rows: int, *, logarithmic: bool, least: float) -> tuple[float, float, list[float]]:
    """Return the bottom and the top of the axis that suits `lines`, and its ticks.

    Args:
        lines: What is drawn.
        rows: Rows of cells.
        logarithmic: Whether the axis is; both ends are powers of ten then.
        least: The least step between two ticks.
    """
    values = [value for line in lines for _, value in line.points]
    top = max(values, default=0.0)
    if logarithmic and top > 0:
        low = math.floor(math.log10(max(min(value for value in values if value > 0), 1e-9)) + 1e-9)
        high = max(low + 1, math.ceil(math.log10(top) - 1e-9))
        return 10.0**low, 10.0**high, [10.0**power for power in range(low, high + 1)]
    # A tick for about every three rows.
    step = max(least, step_of(max(top, least) / max(1, rows // 3)))
    count = max(1, math.ceil(top / step - 1e-9))
    return 0.0, count * step, [step * number for number in range(count + 1)]


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
    bottom, top, ticks = scale(lines, rows, logarithmic=logarithmic, least=least)
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


def below(columns: int, margin: int, start: float, end: float) -> list[Content]:
    """Draw the axis of time and its labels.

    Args:
        columns: Cells between both ends.
        margin: Cells to the left of it.
        start: The time at the left.
        end: The time at the right.
    """
    wanted = (end - start) / max(1, columns // 12)
    step = next((each for each in _TIMES if each >= wanted), _TIMES[-1]) if wanted > 0.5 else 0.5
    axis = ["─"] * columns
    labels = [" "] * (columns + 8)
    for number in range(math.ceil(start / step - 1e-9), math.floor(end / step + 1e-9) + 1):
        place = round((number * step - start) / (end - start) * (columns - 1))
        axis[place] = "┬"
        text = moment(number * step)
        left = max(0, min(place - len(text) // 2, columns - len(text)))
        labels[left : left + len(text)] = text
    return [
        Content.styled(f"{'└':>{margin}}{''.join(axis)}", DIM),
        Content.styled(" " * margin + "".join(labels[:columns]), DIM),
    ]


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

"""Axes that are easy to read: ticks at 1, 2 and 5 times a power of ten, units, and times since the start."""

from __future__ import annotations

import math
from collections.abc import Sequence

from textual.content import Content

_TIMES = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
DIM = "$foreground 45%"
"""What axes and asides are drawn in."""


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


def scale(values: Sequence[float], rows: int, *, logarithmic: bool, least: float) -> tuple[float, float, list[float]]:
    """Return the bottom and the top of the axis that suits `values`, and its ticks.

    Args:
        values: What is drawn.
        rows: Rows of cells.
        logarithmic: Whether the axis is; both ends are powers of ten then.
        least: The least step between two ticks.
    """
    top = max(values, default=0.0)
    if logarithmic and top > 0:
        low = math.floor(math.log10(max(min(value for value in values if value > 0), 1e-9)) + 1e-9)
        high = max(low + 1, math.ceil(math.log10(top) - 1e-9))
        return 10.0**low, 10.0**high, [10.0**power for power in range(low, high + 1)]
    # A tick for about every three rows.
    step = max(least, step_of(max(top, least) / max(1, rows // 3)))
    count = max(1, math.ceil(top / step - 1e-9))
    return 0.0, count * step, [step * number for number in range(count + 1)]


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

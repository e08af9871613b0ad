"""The wires of the picture: a vertical bus for each endpoint in a gap, and stubs from there to the boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final, NamedTuple

from zmqtui.ui.views.picture.boxes import End
from zmqtui.ui.views.picture.columns import Wire

Cells = tuple[tuple[int, int], ...]
Key = tuple[str, int, Wire | None]
"""An endpoint's name, a gap, and the wire that skips a column, where the bus is for that one only."""
_MOST: Final = 4
"""Buses in a gap up to which every order is tried."""
_SHORT: Final = 14
"""The most columns between a bus and its binder."""
_ROOMY: Final = 28
"""Columns of a gap with room for a rate on both sides of a bus."""


class Plug(NamedTuple):
    """What is plugged into a bus: a box, by a wire."""

    end: End
    wire: Wire


class Lane(NamedTuple):
    """The line below the boxes of a wire that skips a column.

    Attributes:
        y: The row.
        main: The bus that it joins.
    """

    y: int
    main: Key


class Stub(NamedTuple):
    """A horizontal line from a box to its bus, or from bus to bus below the boxes.

    Attributes:
        y: The row.
        start: The column at the box, or at the bus where it begins.
        stop: The column of the bus; not part of it.
        end: Where it leaves a box; None for a lane below the boxes.
        names: The instances it is for.
        wire: The wire.
    """

    y: int
    start: int
    stop: int
    end: End | None
    names: tuple[str, ...]
    wire: Wire

    @property
    def span(self) -> tuple[int, int]:
        """The first column and the one after the last."""
        return (self.start, self.stop) if self.start < self.stop else (self.stop + 1, self.start + 1)


@dataclass(frozen=True)
class Bus:
    """A vertical line.

    Attributes:
        key: What it is for.
        x: The column.
        left: The column right of the boxes on its left.
        right: The column left of the boxes on its right.
        plugs: What is plugged in.
        lanes: The rows in which lines below the boxes come in, and the wires that do.
    """

    key: Key
    x: int
    left: int
    right: int
    plugs: tuple[Plug, ...]
    lanes: tuple[tuple[int, Wire], ...]

    @property
    def rows(self) -> list[int]:
        """Where something is plugged in."""
        return [plug.end.y for plug in self.plugs] + [row for row, _ in self.lanes]

    @property
    def span(self) -> tuple[int, int]:
        """Its first and its last row."""
        return min(self.rows), max(self.rows)


def width_of_gap(buses: int) -> int:
    """Return the least width of a gap with so many buses in it."""
    return 5 + 2 * max(0, buses - 1) if buses else 2


def place_buses(
    plugs: Mapping[Key, Sequence[Plug]],
    forward: Mapping[Key, bool],
    edges: Sequence[tuple[int, int]],
    lanes: Mapping[Wire, Lane],
) -> list[Bus]:
    """Give every bus its column.

    Args:
        plugs: What is plugged into each.
        forward: Whether it belongs near the boxes on its right.
        edges: The first column of each column of boxes, and the one after its last.
        lanes: The lines of the wires that skip a column.
    """
    placed: list[Bus] = []
    for gap in range(len(edges) - 1):
        left, right = edges[gap][1], edges[gap + 1][0] - 1
        near: dict[bool, list[Bus]] = {False: [], True: []}
        for key, ends in plugs.items():
            if key[1] != gap:
                continue
            if key[2] is not None:
                rows: tuple[tuple[int, Wire], ...] = ((lanes[key[2]].y, key[2]),)
            else:
                rows = tuple((lane.y, wire) for wire, lane in lanes.items() if lane.main == key)
            if ends or rows:
                near[forward[key]].append(Bus(key, 0, left, right, tuple(ends), rows))
        placed += _order(near, left, right)
    return placed


def _order(near: Mapping[bool, list[Bus]], left: int, right: int) -> list[Bus]:
    """Return the buses of a gap in the order in which fewest lines cross."""
    count = len(near[False]) + len(near[True])
    width = right - left + 1
    if count == 1:
        step = min(_SHORT, width // 3) if width >= _ROOMY else max(2, width // 5)
    else:
        step = max(2, min(6, width // (count + 2)))
    best: list[Bus] = []
    least = -1
    for first in _orders(near[False]):
        for second in _orders(near[True]):
            buses = [_at(bus, left + step * (number + 1)) for number, bus in enumerate(first)]
            buses += [_at(bus, right - step * (number + 1)) for number, bus in enumerate(second)]
            crossed = _crossed(buses)
            if least < 0 or crossed < least:
                best, least = buses, crossed
    return best


def _orders(buses: list[Bus]) -> list[tuple[Bus, ...]]:
    return list(permutations(buses)) if len(buses) <= _MOST else [tuple(buses)]


def _at(bus: Bus, x: int) -> Bus:
    return Bus(bus.key, x, bus.left, bus.right, bus.plugs, bus.lanes)


def _crossed(buses: Sequence[Bus]) -> int:
    count = 0
    for bus in buses:
        for plug in bus.plugs:
            low, high = (bus.left, bus.x) if plug.end.right else (bus.x, bus.right + 1)
            for other in buses:
                top, bottom = other.span
                count += other is not bus and low <= other.x < high and top <= plug.end.y <= bottom
    return count


def route(buses: Sequence[Bus]) -> tuple[list[Stub], dict[tuple[str, str], Cells]]:
    """Return the horizontal lines, and the cells of each connector's way to its binder."""
    stubs: list[Stub] = []
    routes: dict[tuple[str, str], Cells] = {}
    for bus in buses:
        for plug in bus.plugs:
            start = bus.left if plug.end.right else bus.right
            stubs.append(Stub(plug.end.y, start, bus.x, plug.end, plug.end.names, plug.wire))
    for bus in buses:
        wire = bus.key[2]
        main = _main(buses, bus, wire) if wire else bus
        if main is None:
            continue
        target = next((plug.end for plug in main.plugs if plug.end.port.binds), None)
        if wire:
            names = tuple(name for plug in bus.plugs for name in plug.end.names)
            step = 1 if bus.x < main.x else -1
            stubs.append(Stub(bus.lanes[0][0], bus.x + step, main.x, None, names, wire))
        for plug in bus.plugs:
            if plug.end.port.binds or target is None:
                continue
            points = [(bus.left if plug.end.right else bus.right, plug.end.y), (bus.x, plug.end.y)]
            if wire:
                points += [(bus.x, bus.lanes[0][0]), (main.x, bus.lanes[0][0])]
            points += [(main.x, target.y), (main.left if target.right else main.right, target.y)]
            for name in plug.end.names:
                routes[name, plug.wire.endpoint] = _cells(points)
    return stubs, routes


def _main(buses: Sequence[Bus], feeder: Bus, wire: Wire) -> Bus | None:
    """Return the bus that a wire from below joins."""
    return next((bus for bus in buses if bus is not feeder and (feeder.lanes[0][0], wire) in bus.lanes), None)


def _cells(points: Sequence[tuple[int, int]]) -> Cells:
    cells = [points[0]]
    for x, y in points[1:]:
        while cells[-1] != (x, y):
            at_x, at_y = cells[-1]
            cells.append((at_x + (x > at_x) - (x < at_x), at_y + (y > at_y) - (y < at_y)))
    return tuple(cells)

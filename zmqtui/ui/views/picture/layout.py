"""Where everything in the picture is: boxes in columns, wires in the gaps between them. Knows no colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from zmqtui.ui.views.picture.blocks import Block, level_down, lines_of, stack
from zmqtui.ui.views.picture.boxes import OUTSIDE, Box, End, Port
from zmqtui.ui.views.picture.columns import Columns, Wire
from zmqtui.ui.views.picture.wiring import Bus, Key, Lane, Plug, Stub, place_buses, route, width_of_gap

_GAP: Final = 15
"""Columns between two boxes in which a rate can be read."""
_WIDE_GAP: Final = 40
_BLANK: Final = 1


@dataclass(frozen=True)
class Ask:
    """What is to be drawn, and in which room.

    Attributes:
        columns: The pattern's skeleton.
        members: The instances of each role.
        first: The instances that must not be folded, the most important one in front.
        where: How the address of each endpoint is written.
        outside: Endpoints that others use: the name, and whether they bind it.
        notes: The longest text that stands on a wire beside its rate, in columns.
        width: Columns.
        height: Rows.
    """

    columns: Columns
    members: Mapping[str, tuple[str, ...]]
    first: tuple[str, ...]
    where: Mapping[str, str]
    outside: frozenset[tuple[str, bool]]
    notes: int
    width: int
    height: int


@dataclass(frozen=True)
class Layout:
    """The picture's geometry.

    Attributes:
        boxes: All boxes.
        stubs: The horizontal lines, each from a box or a lane to a bus.
        buses: The vertical lines.
        routes: The cells from a connector to its binder, by instance and endpoint.
    """

    boxes: tuple[Box, ...]
    stubs: tuple[Stub, ...]
    buses: tuple[Bus, ...]
    routes: Mapping[tuple[str, str], tuple[tuple[int, int], ...]]


class _Skip(NamedTuple):
    """A wire that passes below a column on its way."""

    wire: Wire
    lane: int


def lay_out(ask: Ask) -> Layout | None:
    """Return the geometry of the picture, or None where there is no room for one."""
    return _lay_out(ask, chips=True) or _lay_out(ask, chips=False)


def _lay_out(ask: Ask, *, chips: bool) -> Layout | None:
    skips = [
        _Skip(wire, number)
        for number, wire in enumerate(wire for wire in ask.columns.wires if _distance(ask.columns, wire) > 1)
    ]
    room = ask.height - len(skips) - len(ask.columns.loops)
    columns = [_fit(blocks, room, ask.first, chips=chips) for blocks in _blocks(ask)]
    if any(column is None for column in columns):
        return None
    fitted = [column for column in columns if column is not None]
    buses = [width_of_gap(len(_gap_wires(ask.columns, gap))) for gap in range(len(fitted) - 1)]
    wide = _widths(fitted, buses, ask)
    if wide is None:
        return None
    widths, gaps = wide
    blank = _BLANK if all(lines_of(column, _BLANK) <= room for column in fitted) else 0
    tall = max(lines_of(column, blank) for column in fitted)
    top = max(0, (ask.height - tall - len(skips) - len(ask.columns.loops)) // 2)
    boxes: list[Box] = []
    edges: list[tuple[int, int]] = []
    x = max(0, (ask.width - sum(widths) - sum(gaps)) // 2)
    for number, column in enumerate(fitted):
        y = top + (tall - lines_of(column, blank)) // 2
        boxes += stack(column, x, y, widths[number], blank)
        edges.append((x, x + widths[number]))
        x += widths[number] + (gaps[number] if number < len(gaps) else 0)
    return _connect(ask, boxes, edges, {skip.wire: top + tall + skip.lane for skip in skips})


def _distance(columns: Columns, wire: Wire) -> int:
    return abs(columns.of(wire.binder) - columns.of(wire.connector))


def _gap_wires(columns: Columns, gap: int) -> set[tuple[str, int]]:
    """Return what needs a vertical line in a gap: endpoints beside it, and wires that skip a column."""
    found = set()
    for number, wire in enumerate(columns.wires):
        binder, connector = columns.of(wire.binder), columns.of(wire.connector)
        if gap == (binder - 1 if connector < binder else binder):
            found.add((wire.endpoint, -1))
        if abs(binder - connector) > 1 and gap == (connector if connector < binder else connector - 1):
            found.add((wire.endpoint, number))
    return found


def _blocks(ask: Ask) -> list[list[Block]]:
    """Return what stands in each column, drawn as large as can be."""
    columns = []
    for number, roles in enumerate(ask.columns.roles):
        blocks = [Block(role, ask.members[role], *_ports(ask, role), level=0) for role in roles if ask.members[role]]
        for endpoint, binds in sorted(ask.outside):
            wire = next((wire for wire in ask.columns.wires if wire.endpoint == endpoint), None)
            if wire and ask.columns.of(wire.binder if binds else wire.connector) == number:
                role = wire.binder if binds else wire.connector
                left, right = (
                    tuple(port._replace(socket="") for port in ports if port.endpoint == endpoint)
                    for ports in _ports(ask, role)
                )
                blocks.append(Block(OUTSIDE, (f"{OUTSIDE} {endpoint}",), left, right, level=1))
        columns.append(blocks)
    return columns


def _ports(ask: Ask, role: str) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """Return the ports of `role` on its left and on its right."""
    left: dict[tuple[str, str, bool], Port] = {}
    right: dict[tuple[str, str, bool], Port] = {}
    for wire in ask.columns.wires:
        if role not in (wire.binder, wire.connector):
            continue
        binds = role == wire.binder
        other = wire.connector if binds else wire.binder
        socket = wire.binder_socket if binds else wire.connector_socket
        takes = wire.to_binder if binds else wire.to_connector
        side = right if ask.columns.of(other) > ask.columns.of(role) else left
        key = wire.endpoint, socket, binds
        where = ask.where[wire.endpoint] if binds else ""
        port = Port(wire.endpoint, socket, binds, takes, where)
        side[key] = side[key]._replace(takes=side[key].takes or takes) if key in side else port
    return tuple(left.values()), tuple(right.values())


def _fit(blocks: list[Block], room: int, first: Sequence[str], *, chips: bool) -> list[Block] | None:
    """Draw the blocks of a column smaller until they fit below each other."""
    while (over := lines_of(blocks, 0) - room) > 0:
        smaller = [(block, level_down(block, over, first, chips=chips)) for block in blocks]
        able = [(block, small) for block, small in smaller if small is not None]
        if not able:
            return None
        block, small = max(able, key=lambda pair: (pair[0].lines, pair[0].role))
        blocks = [small if each is block else each for each in blocks]
    return blocks


def _widths(columns: list[list[Block]], least: list[int], ask: Ask) -> tuple[list[int], list[int]] | None:
    """Share the width among columns and gaps: what must be first, then what can be read well."""
    boxes = [max((block.widths[0] for block in column), default=0) for column in columns]
    gaps = list(least)
    spare = ask.width - sum(boxes) - sum(gaps)
    if spare < 0:
        return None
    notes = ask.notes + 2 if ask.notes else 0
    for stage in (1, 2):
        spare = _grow(boxes, [max((block.widths[stage] for block in column), default=0) for column in columns], spare)
        wish = (_GAP if stage == 1 else _WIDE_GAP) + notes
        spare = _grow(gaps, [max(wish, gap + 3) for gap in least], spare)
    return boxes, gaps


def _grow(sizes: list[int], wishes: list[int], spare: int) -> int:
    """Let `sizes` grow to what they wish, or by as much as there is for each; return what is left."""
    for number, wish in sorted(enumerate(wishes), key=lambda pair: pair[1] - sizes[pair[0]]):
        more = max(
            0,
            min(wish - sizes[number], spare // max(1, sum(size < to for size, to in zip(sizes, wishes, strict=True)))),
        )
        sizes[number] += more
        spare -= more
        wishes = [sizes[place] if place == number else to for place, to in enumerate(wishes)]
    return spare


def _connect(ask: Ask, boxes: list[Box], edges: list[tuple[int, int]], below: dict[Wire, int]) -> Layout:
    """Draw the wires between boxes that have their places."""
    ends: dict[tuple[str, str, bool, bool], list[End]] = {}
    for box in boxes:
        for end in box.ends():
            role = end.names[0] if box.role == OUTSIDE else box.role
            ends.setdefault((role, end.port.endpoint, end.port.binds, end.right), []).append(end)
    plugs: dict[Key, list[Plug]] = {}
    sides: dict[Key, bool] = {}
    lanes: dict[Wire, Lane] = {}
    for wire in ask.columns.wires:
        binder, connector = ask.columns.of(wire.binder), ask.columns.of(wire.connector)
        forward = connector < binder
        main: Key = wire.endpoint, binder - 1 if forward else binder, None
        sides[main] = forward
        ours = [
            end
            for end in ends.get((wire.connector, wire.endpoint, False, forward), [])
            if end.port.socket == wire.connector_socket
        ]
        if wire == next(each for each in ask.columns.wires if each.endpoint == wire.endpoint):
            ours += ends.get((f"{OUTSIDE} {wire.endpoint}", wire.endpoint, False, forward), [])
        # Whoever binds outside comes first: what is sent goes there, for ours is not up.
        theirs = [
            *ends.get((f"{OUTSIDE} {wire.endpoint}", wire.endpoint, True, not forward), []),
            *ends.get((wire.binder, wire.endpoint, True, not forward), []),
        ]
        at_main = plugs.setdefault(main, [])
        at_main += [Plug(end, wire) for end in theirs if all(plug.end is not end for plug in at_main)]
        if wire in below:
            lanes[wire] = Lane(below[wire], main)
            feeder: Key = wire.endpoint, connector if forward else connector - 1, wire
            sides[feeder] = not forward
            plugs[feeder] = [Plug(end, wire) for end in ours]
        else:
            at_main += [Plug(end, wire) for end in ours if all(plug.end is not end for plug in at_main)]
    buses = place_buses(plugs, sides, edges, lanes)
    stubs, routes = route(buses)
    return Layout(tuple(boxes), tuple(stubs), tuple(buses), routes)

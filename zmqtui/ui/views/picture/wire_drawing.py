"""How wires are drawn: lines and buses, what is written on them, and the messages that travel along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from zmqtui.core.watch import InstanceView
from zmqtui.ui.signs import rate
from zmqtui.ui.views.picture.boxes import TALL, Box
from zmqtui.ui.views.picture.canvas import Canvas
from zmqtui.ui.views.picture.columns import Wire
from zmqtui.ui.views.picture.layout import Layout
from zmqtui.ui.views.picture.moment import Moment
from zmqtui.ui.views.picture.traffic import SLOW
from zmqtui.ui.views.picture.wiring import Bus, Stub

FAST: Final = 1000.0
"""Messages per second from which a wire is drawn double."""
_CROWDED: Final = 3 * SLOW
"""Messages per second of all together from which marks are drawn only where each has a line of its own."""
_LINES: Final = "─━═"
_MARK: Final = "●"
_JUNCTIONS: Final = {
    "ud": "│", "udl": "┤", "udr": "├", "udlr": "┼", "dl": "╮", "dr": "╭", "dlr": "┬",
    "ul": "╯", "ur": "╰", "ulr": "┴", "lr": "─", "l": "─", "r": "─", "": " ", "u": "│", "d": "│",
}  # fmt: skip


class Line:
    """A horizontal line: how it is drawn depends on whether it is connected and how much goes through it."""

    def __init__(self, canvas: Canvas, moment: Moment, views: Mapping[str, InstanceView], stub: Stub) -> None:
        self.canvas = canvas
        self.moment = moment
        self.stub = stub
        endpoint = stub.wire.endpoint
        there = [name for name in stub.names if is_connected(views, name, endpoint)]
        self.rate = sum(moment.traffic.rate(name, endpoint) for name in there)
        self.connected = bool(there)
        self.left, self.right = stub.span

    def draw(self) -> None:
        """Draw the line with its arrows."""
        sign, style = _line(self.rate, self.stub.wire, connected=self.connected)
        self.canvas.put(self.left, self.stub.y, sign * (self.right - self.left), style)
        end = self.stub.end
        if end and end.port.takes:
            self.canvas.put(self.stub.start, self.stub.y, "◀" if end.right else "▶", style)
        elif end is None:
            rightward = (self.stub.start < self.stub.stop) == self.stub.wire.to_binder
            self.canvas.put((self.left + self.right) // 2, self.stub.y, "▶" if rightward else "◀", style)

    def label(self, boxes: tuple[Box, ...]) -> None:
        """Write the rate next to the bus, and the note next to the box."""
        stub, end = self.stub, self.stub.end
        text = rate(self.rate)
        note = self.moment.notes.get(stub.names[0], "") if len(stub.names) == 1 and end else ""
        room = self.right - self.left - 3
        if end is None:
            if text and room > 2 * len(text) + 8:
                self.canvas.put((self.left + self.right) // 2 + 2, stub.y, f" {text} ", "rate")
            return
        if end.port.binds:
            note = ""
        if note and room < min(len(note), 8) + 10:
            # Where the wire is short it stands above, beside the state, where the box is tall enough.
            above = self.left + 1 if end.right else max(self.left, self.right - 1 - len(note))
            tall = any(box.level == TALL and end in box.ends() for box in boxes)
            if tall and self.canvas.free(self.left, stub.y - 1, min(self.right - self.left, len(note))):
                self.canvas.put(above, stub.y - 1, note, "note", self.right - self.left - 1)
                note = ""
            elif room >= min(len(note), 4) + 2:
                text = ""
        if text and room >= len(text) + 2:
            spaced = f" {text} "
            self.canvas.put(self.right - 1 - len(spaced) if end.right else self.left + 1, stub.y, spaced, "rate")
            room -= len(spaced)
        if note and room - 2 >= min(len(note), 5):
            note = f" {note if len(note) <= room - 2 else note[: room - 3] + '…'} "
            self.canvas.put(self.left + 2 if end.right else self.right - 2 - len(note), stub.y, note, "note")


def is_connected(views: Mapping[str, InstanceView], name: str, endpoint: str) -> bool:
    """Tell whether an instance has a peer at an endpoint."""
    instance = views.get(name)
    # Who is outside would not be drawn if it were not connected.
    return instance is None or (endpoint in instance.connected and instance.alive)


def _line(per_second: float, wire: Wire, *, connected: bool) -> tuple[str, str]:
    """Return the character and the style of a wire."""
    if not connected:
        return "╌", "dim"
    if per_second < SLOW:
        return _LINES[0], "live" if per_second else "wire"
    return _LINES[2 if per_second >= FAST else 1], _tone(wire)


def _tone(wire: Wire) -> str:
    if wire.to_binder == wire.to_connector:
        return "live"
    return "sent" if wire.to_binder else "received"


def draw_bus(canvas: Canvas, moment: Moment, views: Mapping[str, InstanceView], bus: Bus) -> None:
    """Draw a vertical line and its junctions."""
    top, bottom = bus.span
    ways: dict[int, set[str]] = {}
    for plug in bus.plugs:
        ways.setdefault(plug.end.y, set()).add("l" if plug.end.right else "r")
    wire = bus.plugs[0].wire if bus.plugs else bus.lanes[0][1]
    for row, lane in bus.lanes:
        # A lane leads on to the right of a bus of its own and of one whose binder is on the left.
        ways.setdefault(row, set()).add(_lane_way(bus, lane))
    names = {name for plug in bus.plugs for name in plug.end.names}
    connected = any(is_connected(views, name, wire.endpoint) for name in names)
    busy = max((moment.traffic.rate(name, wire.endpoint) for name in names), default=0.0)
    style = "dim" if not connected else _tone(wire) if busy >= SLOW else "live" if busy else "wire"
    for y in range(top, bottom + 1):
        way = ("u" if y > top else "") + ("d" if y < bottom else "")
        way += "".join(sorted(ways.get(y, ())))
        sign = _JUNCTIONS[way]
        canvas.put(bus.x, y, sign if connected or sign != "│" else "┆", style)


def _lane_way(bus: Bus, wire: Wire) -> str:
    """Return on which side of a bus the line below the boxes is."""
    forward = any(plug.end.right for plug in bus.plugs if not plug.end.port.binds)
    if bus.key[2] is not None:
        return "r" if forward else "l"
    return "r" if any(plug.end.port.binds and plug.end.right for plug in bus.plugs) else "l"


def draw_marks(canvas: Canvas, moment: Moment, layout: Layout) -> None:
    """Draw the messages that are on their way, where they can be told apart."""
    through: dict[str, float] = {}
    single: list[tuple[str, str]] = []
    for stub in layout.stubs:
        if stub.end is None or stub.end.port.binds:
            continue
        endpoint = stub.wire.endpoint
        amount = sum(moment.traffic.rate(name, endpoint) for name in stub.names)
        through[endpoint] = through.get(endpoint, 0.0) + amount
        if amount < SLOW:
            single += [(name, endpoint) for name in stub.names]
    for name, endpoint in single:
        cells = layout.routes.get((name, endpoint), ())
        for way, to_binder in moment.traffic.marks(name, endpoint):
            place = min(int(way * len(cells)), len(cells) - 1)
            x, y = cells[place if to_binder else len(cells) - 1 - place]
            own = y == cells[0][1] or through[endpoint] < _CROWDED
            if own and canvas.at(x, y) in "─━═│┤├┼╮╭┬╯╰┴":
                canvas.put(x, y, _MARK, "sent bold" if to_binder else "received bold")

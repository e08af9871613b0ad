"""The picture itself: a layout, filled with how the stage stands and what travels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from zmqtui.core.state import State
from zmqtui.core.watch import InstanceView, StageView
from zmqtui.ui.signs import rate, state_of
from zmqtui.ui.views.picture.boxes import COMPACT, OUTSIDE, TALL, Box, Port
from zmqtui.ui.views.picture.canvas import BLANK, Canvas
from zmqtui.ui.views.picture.columns import Wire
from zmqtui.ui.views.picture.layout import Ask, Layout
from zmqtui.ui.views.picture.traffic import SLOW, Traffic
from zmqtui.ui.views.picture.wiring import Bus, Stub

FAST: Final = 1000.0
"""Messages per second from which a wire is drawn double."""
_LINES: Final = "─━═"
_MARK: Final = "●"
_JUNCTIONS: Final = {
    "ud": "│", "udl": "┤", "udr": "├", "udlr": "┼", "dl": "╮", "dr": "╭", "dlr": "┬",
    "ul": "╯", "ur": "╰", "ulr": "┴", "lr": "─", "l": "─", "r": "─", "": " ", "u": "│", "d": "│",
}  # fmt: skip
_PLAIN: Final = "╭─╮│╰╯┤├"
_HEAVY: Final = "┏━┓┃┗┛┨┠"
_BROKEN: Final = "╭╌╮┆╰╯┤├"
_HEAVY_BROKEN: Final = "┏╍┓┇┗┛┨┠"
_TROUBLE: Final = (State.FAILED, State.STUCK, State.KILLED, State.PAUSED)


@dataclass(frozen=True)
class Moment:
    """What there is to draw into a layout.

    Attributes:
        stage: How the stage stands.
        traffic: What travels.
        selected: The selected instance.
        ranks: The place of each instance's role, for its colour.
        notes: What stands on the wires of an instance.
    """

    stage: StageView
    traffic: Traffic
    selected: str
    ranks: Mapping[str, int]
    notes: Mapping[str, str]


def troubled(stage: StageView) -> list[str]:
    """Return the instances that must be seen at a glance, the worst first."""
    found = [each for each in stage.instances if each.state in _TROUBLE]
    return [each.name for each in sorted(found, key=lambda each: _TROUBLE.index(each.state))]


def crowd(instances: list[InstanceView], stage: StageView) -> str:
    """Say how many are in which state, those in trouble first: ``1 stuck, 9 working, 3 in recv()``."""
    counts = Counter((each.state not in _TROUBLE, state_of(each, stage)[2]) for each in instances)
    return ", ".join(f"{count} {name}" for (_, name), count in sorted(counts.items(), key=lambda pair: pair[0][0]))


def draw(layout: Layout, moment: Moment, ask: Ask) -> Canvas:
    """Draw the picture."""
    canvas = Canvas(ask.width, ask.height)
    views = {each.name: each for each in moment.stage.instances}
    for stub in layout.stubs:
        _Line(canvas, moment, views, stub).draw()
    for bus in layout.buses:
        _bus(canvas, moment, views, bus)
    for stub in layout.stubs:
        _Line(canvas, moment, views, stub).label(layout.boxes)
    for box in layout.boxes:
        _box(canvas, moment, views, box, layout)
    _marks(canvas, moment, layout)
    for number, wire in enumerate(ask.columns.loops):
        text = f"↻ {wire.connector_socket} to {wire.binder_socket} ◉ {ask.where[wire.endpoint]}, {wire.binder} itself"
        canvas.put(1, ask.height - len(ask.columns.loops) + number, text, "socket", ask.width - 2)
    return canvas


class _Line:
    """A horizontal line: how it is drawn depends on whether it is connected and how much goes through it."""

    def __init__(self, canvas: Canvas, moment: Moment, views: Mapping[str, InstanceView], stub: Stub) -> None:
        self.canvas = canvas
        self.moment = moment
        self.stub = stub
        endpoint = stub.wire.endpoint
        there = [name for name in stub.names if _connected(views, name, endpoint)]
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


def _connected(views: Mapping[str, InstanceView], name: str, endpoint: str) -> bool:
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


def _bus(canvas: Canvas, moment: Moment, views: Mapping[str, InstanceView], bus: Bus) -> None:
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
    connected = any(_connected(views, name, wire.endpoint) for name in names)
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


def _box(canvas: Canvas, moment: Moment, views: Mapping[str, InstanceView], box: Box, layout: Layout) -> None:
    """Draw a box, what is in it, and where its wires leave it."""
    single = views.get(box.names[0]) if len(box.names) == 1 else None
    selected = box.level <= COMPACT and moment.selected in box.names
    broken, style = False, "frame"
    if single and box.level <= COMPACT:
        broken = single.state in (State.KILLED, State.FAILED)
        if single.state in _TROUBLE:
            style = state_of(single, moment.stage)[1]
    signs = {(0, 0): _PLAIN, (1, 0): _HEAVY, (0, 1): _BROKEN, (1, 1): _HEAVY_BROKEN}[selected, broken]
    style = "selected" if selected and style == "frame" else style
    x, y, inner = box.x, box.y, box.width - 2
    canvas.put(x, y, signs[0] + signs[1] * inner + signs[2], style)
    for row in range(y + 1, y + box.height - 1):
        canvas.put(x, row, signs[3], style)
        canvas.put(x + 1, row, " " * inner, BLANK)
        canvas.put(x + 1 + inner, row, signs[3], style)
    canvas.put(x, y + box.height - 1, signs[4] + signs[1] * inner + signs[5], style)
    for end in box.ends():
        canvas.put(x + box.width - 1 if end.right else x, end.y, signs[7] if end.right else signs[6], style)
    _title(canvas, moment, box, selected=selected)
    if box.role == OUTSIDE:
        _outside(canvas, moment, box)
    elif single and box.level <= COMPACT:
        _one(canvas, moment, single, box, layout)
    else:
        _many(canvas, moment, views, box)


def _title(canvas: Canvas, moment: Moment, box: Box, *, selected: bool) -> None:
    if box.role == OUTSIDE:
        canvas.put(box.x + 1, box.y, f" {OUTSIDE} ", "quiet")
        return
    name = box.names[0] if box.level <= COMPACT else f"{box.role} ×{len(box.names)}"
    colour = f"role-{moment.ranks.get(box.names[0], 0) % 3} bold"
    canvas.put(box.x + 1, box.y, f" {name} ", f"{colour} reverse" if selected else colour, box.width - 2)


def _outside(canvas: Canvas, moment: Moment, box: Box) -> None:
    """Say how many programs of others are connected, or that one binds."""
    port = (*box.left, *box.right)[0]
    if port.binds:
        text = "binds"
    else:
        ours = [each for each in moment.stage.instances if port.endpoint in each.connected]
        binder = moment.stage.pattern.endpoint(port.endpoint).bind.role
        count = moment.stage.peers.get(port.endpoint, 0) - sum(each.role != binder for each in ours)
        text = f"{max(count, 1)} more"
    canvas.put(box.x + 2, box.items[0].y, text, "text", box.width - 4)


def _one(canvas: Canvas, moment: Moment, instance: InstanceView, box: Box, layout: Layout) -> None:
    """Write an instance's state and its ports into a box of its own."""
    item = box.items[0]
    left, room = box.x + 2, box.width - 4
    for row in range(box.rows):
        taken = _labels(canvas, box.left[row : row + 1], box.right[row : row + 1], left, item.y + row, room)
        if row == 0 and box.level == COMPACT:
            first = left + taken[0] + (1 if taken[0] else 0)
            _state(canvas, moment, instance, first, item.y, room - sum(taken) - sum(map(bool, taken)))
    if box.level == TALL:
        _state(canvas, moment, instance, left, item.y - 1, room)
    _below(canvas, moment, instance, box, layout)


def _below(canvas: Canvas, moment: Moment, instance: InstanceView, box: Box, layout: Layout) -> None:
    """Write the rates that a box's wires are too short for below it, each on its side."""
    texts = ["", ""]
    for right in (False, True):
        stubs = [
            stub for stub in layout.stubs if stub.end and stub.end.right is right and stub.names == (instance.name,)
        ]
        rates = [
            moment.traffic.rate(instance.name, stub.wire.endpoint)
            for stub in stubs
            if instance.alive and stub.wire.endpoint in instance.connected
        ]
        text = rate(max(rates, default=0.0))
        if all(stub.span[1] - stub.span[0] < len(text) + 5 for stub in stubs):
            texts[right] = text
    left, bottom, room = box.x + 1, box.y + box.height - 1, box.width - 2
    if sum(len(text) + 2 for text in texts if text) + 1 <= room:
        texts = [f" {text} " if text else "" for text in texts]
    if sum(map(len, texts)) + 1 <= room:
        canvas.put(left, bottom, texts[0], "rate")
        canvas.put(left + room - len(texts[1]), bottom, texts[1], "rate")


def _labels(
    canvas: Canvas, left: tuple[Port, ...], right: tuple[Port, ...], x: int, y: int, room: int
) -> tuple[int, int]:
    """Write the ports of a row on both sides of a box; return the columns they take."""
    texts = ["", ""]
    for place in (-1, 0):
        texts = [port[0].labels(right=bool(side))[place] if port else "" for side, port in enumerate((left, right))]
        if sum(map(len, texts)) + 1 <= room:
            break
    canvas.put(x, y, texts[0], "socket", room)
    canvas.put(x + room - len(texts[1]), y, texts[1], "socket", room)
    return len(texts[0]), len(texts[1])


def _state(canvas: Canvas, moment: Moment, instance: InstanceView, x: int, y: int, room: int) -> None:
    """Write a state: its sign, its name where there is room, and its age on the right."""
    sign, tone, name, age = state_of(instance, moment.stage)
    style = tone or "quiet"
    name = _shortened(name, room - 2)
    if room < 4:
        canvas.put(x, y, sign, style, room)
        return
    canvas.put(x, y, f"{sign} {name}", style, room)
    if age and room >= len(name) + len(age) + 3:
        canvas.put(x + room - len(age), y, age, "quiet")


def _shortened(word: str, room: int) -> str:
    """Write a state in fewer letters where there is no room for all."""
    return word if len(word) <= room else word.removeprefix("in ")


def _many(canvas: Canvas, moment: Moment, views: Mapping[str, InstanceView], box: Box) -> None:
    """Write one line for each instance into a frame, and one for all that are folded."""
    most = max((len(item.names[0]) for item in box.items), default=0)
    left, room = box.x + 2, box.width - 4
    for item in box.items:
        within = room
        if box.rows > 1:
            for row in range(box.rows):
                taken = _labels(canvas, (), box.right[row : row + 1], left, item.y + row, room)
                within = min(within, room - taken[1] - 1)
        if len(item.names) > 1 or item.names[0] not in views:
            folded = [views[name] for name in item.names if name in views]
            more = "" if len(box.items) == 1 else " more"
            canvas.put(left, item.y, f"⋯ {len(folded)}{more}: {crowd(folded, moment.stage)}", "quiet", within)
            if moment.selected in item.names:
                canvas.put(box.x + 1, item.y, "▌", "selected")
            continue
        instance = views[item.names[0]]
        sign, tone, word, age = state_of(instance, moment.stage)
        picked = instance.name == moment.selected
        if picked:
            canvas.put(box.x + 1, item.y, "▌", "selected")
        canvas.put(left, item.y, sign, tone or "quiet")
        colour = f"role-{moment.ranks.get(instance.name, 0) % 3}"
        canvas.put(left + 2, item.y, instance.name, f"{colour} bold reverse" if picked else colour, within - 2)
        rest = within - most - 4
        word = _shortened(word, rest)
        if rest >= len(word) or (rest >= 4 and instance.state in _TROUBLE):
            canvas.put(left + most + 4, item.y, word, tone or "quiet", rest)
            if age and rest >= len(word) + len(age) + 1:
                canvas.put(left + within - len(age), item.y, age, "quiet")
    if box.rows == 1:
        bottom = box.y + box.height - 1
        for ports, right in ((box.left, False), (box.right, True)):
            for port in ports:
                text = f" {port.labels(right=right)[0]} "
                canvas.put(box.x + box.width - 1 - len(text) if right else box.x + 1, bottom, text, "socket")


def _marks(canvas: Canvas, moment: Moment, layout: Layout) -> None:
    """Draw the messages that are on their way, where they can be told apart."""
    for (name, endpoint), cells in layout.routes.items():
        for way, to_binder in moment.traffic.marks(name, endpoint):
            place = min(int(way * len(cells)), len(cells) - 1)
            x, y = cells[place if to_binder else len(cells) - 1 - place]
            if canvas.at(x, y) in "─━═│┤├┼╮╭┬╯╰┴":
                canvas.put(x, y, _MARK, "sent bold" if to_binder else "received bold")

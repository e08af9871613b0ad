"""The topology view: the picture of any declaration, at any size, and what travels in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, cast

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.ui.support import playing, press, screen, until
from zmqtui.core.books.history import History
from zmqtui.core.journal import Journal, Tally
from zmqtui.core.model import Endpoint, Knob, Link, Pattern, Role
from zmqtui.core.state import State, Status
from zmqtui.core.watch import InstanceView, PortView, StageView, Watcher
from zmqtui.patterns import find
from zmqtui.ui.app import Playground
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.themes import DARK, LIGHT, meanings
from zmqtui.ui.view import Scene, View
from zmqtui.ui.views.picture.columns import columns
from zmqtui.ui.views.picture.layout import Ask, lay_out
from zmqtui.ui.views.picture.traffic import TRAVEL, Traffic
from zmqtui.ui.views.topology import Topology

Compare = Callable[..., bool]
START = 100.0
FRAME = 1 / 15


def play(context: object, endpoints: object, knobs: object) -> None:
    """Play nothing: these patterns are only looked at."""


def declared(name: str, roles: Mapping[str, int], *endpoints: Endpoint, knobs: tuple[Knob, ...] = ()) -> Pattern:
    """Declare a pattern with so many instances of each role."""
    cast = tuple(Role(role, play, count, 64 if count > 1 else 1) for role, count in roles.items())
    return Pattern(name, name, name, "", cast, endpoints, knobs, Watcher)


BROKER = declared(
    "broker",
    {"broker": 1, "client": 3, "worker": 3},
    Endpoint("frontend", 5559, Link("broker", "ROUTER"), (Link("client", "REQ"),)),
    Endpoint("backend", 5560, Link("broker", "DEALER"), (Link("worker", "REP"),)),
)
KILLSWITCH = declared(
    "killswitch",
    {"sink": 1, "worker": 3, "ventilator": 1},
    Endpoint("tasks", 5557, Link("ventilator", "PUSH"), (Link("worker", "PULL"),)),
    Endpoint("results", 5558, Link("sink", "PULL"), (Link("worker", "PUSH"), Link("ventilator", "PUSH"))),
    Endpoint("control", 5559, Link("sink", "PUB"), (Link("worker", "SUB"),)),
)
RING = declared(
    "ring",
    {"a": 1, "b": 1, "c": 1},
    Endpoint("ab", 1, Link("a", "PUSH"), (Link("b", "PULL"),)),
    Endpoint("bc", 2, Link("b", "PUSH"), (Link("c", "PULL"),)),
    Endpoint("ca", 3, Link("c", "PUSH"), (Link("a", "PULL"),)),
)
ALONE = declared("alone", {"hermit": 1})
PEERS = declared("peers", {"node": 3}, Endpoint("mesh", 7, Link("node", "ROUTER"), (Link("node", "DEALER"),)))
IDLE = dict.fromkeys(("server", "client-1", "client-2", "client-3"), State.NOT_STARTED)
PATTERNS = [find("reqrep"), find("pubsub"), find("pipeline"), BROKER, KILLSWITCH, RING, ALONE, PEERS]


def stage(
    pattern: Pattern,
    count: int = 3,
    *,
    when: float = START,
    moved: Callable[[str], tuple[int, int]] = lambda name: (0, 0),
    states: Mapping[str, State] | None = None,
    peers: Mapping[str, int] | None = None,
    running: bool = True,
) -> StageView:
    """Return a scripted view: what each instance sent and received where, and its state if it does not wait."""
    instances = []
    for role in pattern.roles:
        links = [(each, link) for each in pattern.endpoints for link in (each.bind, *each.connect)]
        mine = [(each.name, link.socket) for each, link in links if link.role == role.name]
        for number in range(1, (count if role.most > 1 else 1) + 1):
            name = role.instance(number)
            state = (states or {}).get(name, State.RECEIVING)
            ports = []
            for endpoint, socket in mine:
                sent, received = moved(name)
                # No socket does what it cannot.
                sent *= socket not in ("PULL", "SUB")
                received *= socket not in ("PUSH", "PUB")
                ports.append(PortView(endpoint, socket, Tally(sent, sent, 0), Tally(received, received, 0)))
            there = frozenset(endpoint for endpoint, _ in mine) if state.alive else frozenset()
            own = {knob.name: knob.default for knob in pattern.knobs if knob.each and knob.role == role.name}
            status = Status(state, when - 3.0, "9" if state is State.WORKING else "")
            instances.append(
                InstanceView(
                    name,
                    role.name,
                    1,
                    status,
                    state is State.PAUSED,
                    Tally(),
                    Tally(),
                    0.0,
                    0.0,
                    tuple(ports),
                    0.0,
                    0.0,
                    False,
                    None,
                    own,
                    there,
                    False,
                )
            )
    addresses = {each.name: f"tcp://127.0.0.1:{each.port}" for each in pattern.endpoints}
    return StageView(
        pattern, "tcp", addresses, {}, tuple(instances), peers or {}, when, when - START, running, gate_open=False
    )  # fmt: skip


def asked(view: StageView, size: tuple[int, int], *first: str) -> Ask:
    """Ask for the picture of a view."""
    members = {role.name: tuple(each.name for each in view.of(role.name)) for role in view.pattern.roles}
    where = {each.name: f":{each.port}" for each in view.pattern.endpoints}
    return Ask(columns(view.pattern), members, first, where, frozenset(), 0, *size)


def test_messages_go_from_left_to_right() -> None:
    """You should read any pattern from left to right: who sends or asks first, who receives or answers last."""
    assert columns(find("reqrep")).roles == (("client",), ("server",))
    assert columns(find("pubsub")).roles == (("publisher",), ("subscriber",))
    assert columns(find("pipeline")).roles == (("ventilator",), ("worker",), ("sink",))
    assert columns(BROKER).roles == (("client",), ("broker",), ("worker",))
    assert columns(KILLSWITCH).roles == (("ventilator",), ("worker",), ("sink",)), "control does not turn work round"
    assert len(columns(RING).roles) == 3, "a circle has a place for everybody"
    assert columns(PEERS).loops, "a role may connect to itself"


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
@pytest.mark.parametrize("count", [1, 4, 16, 64])
@pytest.mark.parametrize("size", [(30, 6), (59, 10), (59, 19), (78, 7), (80, 18), (119, 35), (199, 55)], ids=str)
def test_everybody_has_a_place_and_a_wire(pattern: Pattern, count: int, size: tuple[int, int]) -> None:
    """Every instance is in one box, no box covers another, and a wire leads from each connector to its binder."""
    view = stage(pattern, count)
    last = view.instances[-1].name
    layout = lay_out(asked(view, size, last))
    if layout is None:
        assert size[0] < 80 or size[1] < 18, "there is room for a picture here"
        return
    drawn = [name for box in layout.boxes for name in box.names]
    assert sorted(drawn) == sorted(each.name for each in view.instances)
    cells = [
        (x, y)
        for box in layout.boxes
        for x in range(box.x, box.x + box.width)
        for y in range(box.y, box.y + box.height)
    ]
    assert len(cells) == len(set(cells)), "boxes cover each other"
    assert all(0 <= x < size[0] and 0 <= y < size[1] for x, y in cells), "boxes stand out"
    edges = {name: box for box in layout.boxes for name in box.names}
    wanted = {(each.name, wire.endpoint): wire for wire in columns(pattern).wires for each in view.of(wire.connector)}
    assert layout.routes.keys() == wanted.keys()
    for (name, endpoint), route in layout.routes.items():
        assert all(abs(x - to_x) + abs(y - to_y) == 1 for (x, y), (to_x, to_y) in pairwise(route))
        assert not set(route) & set(cells), "a wire goes through a box"
        binder = edges[view.of(wanted[name, endpoint].binder)[0].name]
        for box, (x, y) in ((edges[name], route[0]), (binder, route[-1])):
            assert x in (box.x - 1, box.x + box.width), "a wire ends in the air"
            assert box.y < y < box.y + box.height - 1


@pytest.mark.parametrize("size", [(59, 12), (119, 20)], ids=str)
def test_who_matters_is_not_folded(size: tuple[int, int]) -> None:
    """With 64 clients you should still see the selected one, the killed and the stuck by their names."""
    names = ("client-60", "client-40", "client-50")
    layout = lay_out(asked(stage(find("reqrep"), 64), size, *names))
    assert layout is not None
    alone = {item.names[0] for box in layout.boxes for item in box.items if len(item.names) == 1}
    assert alone >= set(names)
    assert any(len(item.names) > 1 for box in layout.boxes for item in box.items), "the others are folded"


def test_sixteen_fit_beside_the_log() -> None:
    """At 120×40 you should see each of 16 instances, beside another view too."""
    for pattern in (find("reqrep"), find("pubsub"), find("pipeline"), BROKER):
        for size in ((59, 10), (119, 35)):
            layout = lay_out(asked(stage(pattern, 16), size))
            assert layout is not None
            most = max(len(item.names) for box in layout.boxes for item in box.items)
            assert most == 1 or all(box.level != 4 for box in layout.boxes), f"{pattern.name} is folded at {size}"


def frames(traffic: Traffic, counts: list[int], *, state: State = State.RUNNING, first: float = START) -> None:
    """Let a client send as many requests as `counts` says at each frame."""
    for number, count in enumerate(counts):
        moved = {"client-1": (count, 0), "server": (0, count)}
        when = first + number * FRAME
        traffic.look(stage(find("reqrep"), 1, when=when, states={"client-1": state}, moved=moved.__getitem__))


def test_a_mark_for_a_message() -> None:
    """You should see one mark for each message, going where the message went, until it has arrived."""
    traffic = Traffic()
    frames(traffic, [5, 5, 6])
    assert traffic.marks("client-1", "requests") == [(0.0, True)], "one request on its way to the server"
    assert traffic.marks("server", "requests") == [], "the same message is not drawn twice"
    frames(traffic, [6, 6, 7], first=START + 3 * FRAME)
    ways = [way for way, _ in traffic.marks("client-1", "requests")]
    assert ways == pytest.approx([3 * FRAME / TRAVEL, 0.0])
    frames(traffic, [7] * 15, first=START + 6 * FRAME)
    assert traffic.marks("client-1", "requests") == []


def test_no_mark_that_nobody_sent() -> None:
    """What was sent while nobody looked, or by who has no connection, must not be drawn as travelling now."""
    traffic = Traffic()
    frames(traffic, [0, 0])
    frames(traffic, [3, 3], first=START + 10)
    assert traffic.marks("client-1", "requests") == []
    frames(traffic, [4, 5], first=START + 10 + 2 * FRAME, state=State.KILLED)
    assert traffic.marks("client-1", "requests") == []


def test_rates() -> None:
    """You should read what the counts say, slow and fast, and nothing soon after the last message."""
    traffic = Traffic()
    frames(traffic, [number * 20 for number in range(60)])
    assert traffic.rate("client-1", "requests") == pytest.approx(300, rel=0.02)
    assert traffic.marks("client-1", "requests") == [], "so many cannot be told apart"
    frames(traffic, [1180] * 20, first=START + 60 * FRAME)
    assert traffic.rate("client-1", "requests") == 0
    slow = Traffic()
    frames(slow, [number // 15 for number in range(150)])
    assert slow.rate("client-1", "requests") == pytest.approx(1, rel=0.2)


def test_outside_peers() -> None:
    """A program that is none of ours is drawn when it has been there for a second, not when one is just leaving."""
    traffic = Traffic()
    ours = {"requests": 3}
    for number in range(10):
        traffic.look(stage(find("reqrep"), when=START + number * FRAME, peers={"requests": 4}))
    assert not traffic.outside("requests", binds=False)
    for number in range(10, 20):
        traffic.look(stage(find("reqrep"), when=START + number * FRAME, peers={"requests": 4}))
    assert traffic.outside("requests", binds=False)
    assert not traffic.outside("requests", binds=True)
    traffic.look(stage(find("reqrep"), when=START + 2, peers=ours))
    assert not traffic.outside("requests", binds=False)
    for number in range(20):
        traffic.look(stage(find("reqrep"), when=START + 3 + number * FRAME, states={"server": State.STOPPED}))
    assert traffic.outside("requests", binds=True), "the clients are connected, and not to our server"


class Picture(App[None]):
    """Scripted frames of one view."""

    def __init__(self, views: list[StageView], selected: str, *, light: bool = False, turned: bool = False) -> None:
        self.views, self.selected, self.turned, self.light = views, selected, turned, light
        super().__init__()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every meaning its colour."""
        return meanings(dark=not self.light)

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield Topology()

    def on_mount(self) -> None:
        """Draw when the view knows its size."""
        theme = LIGHT if self.light else DARK
        self.register_theme(theme)
        self.theme = theme.name
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw the frames one after the other."""
        view = self.query_one(Topology)
        if self.turned:
            view.turn()
        for each in self.views:
            roles = [role.name for role in each.pattern.roles]
            ranks = {one.name: roles.index(one.role) for one in each.instances}
            index = EventIndex(Journal())
            view.show(Scene(each, {}, self.selected, None, index, cast(History, None), dict, ranks))


def run(pattern: Pattern, count: int, per_frame: Callable[[str], float], **more: Any) -> list[StageView]:
    """Return the frames of two seconds in which each instance sends and receives so much."""
    return [
        stage(pattern, count, when=START + number * FRAME, moved=so_far(number, per_frame), **more)
        for number in range(31)
    ]


def so_far(number: int, per_frame: Callable[[str], float]) -> Callable[[str], tuple[int, int]]:
    """Return what each instance has sent and received at frame `number`."""
    return lambda name: (int(number * per_frame(name)), int(number * per_frame(name)))


PICTURES: dict[str, tuple[tuple[int, int], Callable[[], Picture]]] = {
    "pipeline": (
        (120, 30),
        lambda: Picture(
            run(
                find("pipeline"), 5,
                lambda name: {"worker-1": 0.15, "worker-2": 3.0, "worker-3": 200.0}.get(name, 0.06),
                states={"worker-3": State.WORKING, "worker-4": State.KILLED, "worker-5": State.PAUSED},
            ),
            "worker-2",
        ),
    ),
    "pubsub-light": (
        (60, 18),
        lambda: Picture(
            run(
                find("pubsub"), 3, lambda name: 1333.0 if name == "publisher" else 0.2,
                states={"subscriber-2": State.STUCK}, peers={"weather": 5},
            ),
            "publisher", light=True,
        ),
    ),
    "broker-16": ((120, 22), lambda: Picture(run(BROKER, 16, lambda name: 0.06), "client-7")),
    "chips": (
        (60, 9),
        lambda: Picture(
            run(find("pipeline"), 16, lambda name: 1.0, states={"worker-9": State.KILLED, "worker-4": State.WORKING}),
            "worker-6",
        ),
    ),
    "idle": ((80, 12), lambda: Picture([stage(find("reqrep"), running=False, states=IDLE)], "server")),
    "list": (
        (60, 10),
        lambda: Picture(run(find("pipeline"), 6, lambda name: 0.5), "worker-6", turned=True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(PICTURES))
def test_pictures(snap_compare: Compare, name: str) -> None:
    """You should see boxes, wires, rates, marks, filters, and at a glance who is in trouble."""
    size, make = PICTURES[name]
    assert snap_compare(make(), terminal_size=size)


def topology(pilot: Pilot[None]) -> Topology:
    """Return the view on the desk."""
    return next(view for view in pilot.app.screen.query(Topology) if view.size)


async def test_live() -> None:
    """Live you should see who is connected, rates, who was killed; a click selects, g again lists, y copies."""
    async with playing("reqrep", reqrep={"work": 0.02, "requests": 0}) as pilot:
        await press(pilot, "g")
        await until(pilot, lambda: "╌" in topology(pilot).copied(), "dashed wires of who is not connected")
        await press(pilot, "space")
        await until(pilot, lambda: "/s" in topology(pilot).copied(), "a rate")
        assert "╌" not in topology(pilot).copied()
        rows = topology(pilot).copied().split("\n")
        assert any("REQ" in row and "◉ REP" in row for row in rows), "client-2's wire leads straight to the server"

        layout = topology(pilot)._layout
        assert layout is not None
        box = next(box for box in layout.boxes if box.names == ("client-3",))
        await pilot.click(topology(pilot), offset=(box.x + 2, box.y + 1))
        app = pilot.app
        assert isinstance(app, Playground)
        await until(pilot, lambda: app.pane.selected == "client-3")
        await press(pilot, "k")
        await until(pilot, lambda: "✕ killed" in topology(pilot).copied())
        await until(pilot, lambda: "╌" in topology(pilot).copied(), "the wire of the killed one is dashed")

        await press(pilot, "g")
        await until(pilot, lambda: "REP binds" in screen(pilot), "the list")
        assert isinstance(topology(pilot), View)
        assert topology(pilot).saved() is not None

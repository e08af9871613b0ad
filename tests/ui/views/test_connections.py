"""The Connections view: who is connected to whom, what became of it beside the messages, at the same cost always."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
import zmq
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.ui.support import playing, press, screen, until
from zmqtui.core.books.history import History
from zmqtui.core.journal import WALL, Event, Journal
from zmqtui.core.stage import Stage
from zmqtui.core.watch import ConnectionView
from zmqtui.patterns import find
from zmqtui.ui.app import Playground
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.themes import DARK, LIGHT, meanings
from zmqtui.ui.view import Scene
from zmqtui.ui.views.connections import Connections
from zmqtui.ui.views.happenings import Rows

Compare = Callable[..., bool]
NOON = 1_700_000_000 - WALL
AT = "tcp://127.0.0.1:5555"
OUTSIDE = "127.0.0.1:54321"


def told(second: float, who: str, what: str, text: str, peer: str = "") -> Event:
    """Return an event about a connection."""
    kind = "link" if what in ("connected", "disconnected", "refused") else "monitor"
    return Event(NOON + second, who, kind, endpoint="requests", text=text, peer=peer, what=what)


EVENTS = [
    told(0, "server", "listening", f"listening on {AT}"),
    told(0.001, "client-1", "connecting", f"connecting to {AT}"),
    Event(NOON + 0.0012, "client-1", "send", (b"Hello",), "requests"),
    told(0.004, "client-1", "connected", f"connected to {AT}", "server"),
    told(0.004, "server", "accepted", "accepted client-1", "client-1"),
    told(0.0041, "server", "connected", "a peer connected: client-1", "client-1"),
    told(0.0042, "client-1", "handshake", "handshake done with server", "server"),
    Event(NOON + 0.0045, "server", "recv", (b"Hello",), "requests", peer="client-1"),
    told(1, "server", "accepted", f"accepted outside {OUTSIDE}", OUTSIDE),
    told(1, "server", "connected", f"a peer connected: outside {OUTSIDE}", OUTSIDE),
    told(2, "server", "accepted", "accepted outside 127.0.0.1:54322", "127.0.0.1:54322"),
    told(
        2, "server", "refused",
        "refused outside 127.0.0.1:54322: its socket type does not fit: a REP talks to REQ and DEALER",
        "127.0.0.1:54322",
    ),
    told(3, "client-2", "connecting", "connecting to tcp://127.0.0.1:6666"),
    told(4, "client-2", "retried", "retried 8 times in 1.0 s, every 125 ms"),
    told(5, "client-1", "disconnected", f"disconnected from {AT}\x1b]52;c;x\x07", "server"),
]  # fmt: skip
NOW = (
    ConnectionView("server", "requests", AT, "REP", True, "listening", NOON, "", False, 0, ""),
    ConnectionView("server", "requests", AT, "REP", True, "connected", NOON, "client-1", False, 0, ""),
    ConnectionView("server", "requests", AT, "REP", True, "connected", NOON + 1, OUTSIDE, True, 0, ""),
    ConnectionView("client-1", "requests", AT, "REQ", False, "connected", NOON, "server", False, 0, ""),
    ConnectionView("client-2", "requests", AT, "REQ", False, "connecting", NOON + 3, "", False, 34, ""),
    ConnectionView("client-3", "requests", AT, "REQ", False, "refused", NOON + 3, "server", False, 0, "refused it"),
)


class Look(App[None]):
    """Shows the view, and nothing else, of scripted events and connections."""

    def __init__(self, events: list[Event], *, light: bool = False) -> None:
        self.light = light
        super().__init__()
        self.view = Connections()
        self.journal = Journal()
        self.index = EventIndex(self.journal)
        self.stage = Stage(find("reqrep"), at={"requests": AT})
        self.selected = "client-1"
        self.journal.extend(events)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every meaning its colour."""
        return meanings(dark=not self.light)

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        self.register_theme(LIGHT if self.light else DARK)
        self.theme = (LIGHT if self.light else DARK).name
        yield self.view

    def on_mount(self) -> None:
        """Draw when the view knows its size."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw what there is to see."""
        for _ in range(12):
            self.index.pull()
            still = self.stage.view()
            stage = still._replace(running=True, connections=lambda: NOW)
            ranks = {each.name: int(each.role == "client") for each in stage.instances}
            self.view.show(Scene(stage, {}, self.selected, None, self.index, History(), self.stage.pointers, ranks))


@pytest.mark.parametrize("size", [(58, 18), (118, 26)], ids=str)
def test_what_became_of_the_connections(
    snap_compare: Compare, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """You should see who is connected to whom, one outside marked, one in vain and one refused; then the timeline."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert snap_compare(Look(EVENTS), terminal_size=size)


def test_light_among_messages(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    """You should see client-1's connections among its messages with the time in between, dark on light."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    app = Look(EVENTS, light=True)
    app.view.turn()
    assert snap_compare(app, terminal_size=(100, 20))


@pytest.mark.parametrize("count", [100, 99_000])
async def test_a_long_timeline_costs_what_is_in_sight(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the frame: however much happened, only the events in sight are read to draw them."""
    app = Look([told(second, "server", "accepted", f"accepted {second}") for second in range(count)])
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: f"accepted {count - 1}" in screen(pilot))
        read: list[int] = []
        get = app.index.get

        def counted(number: int) -> Event | None:
            read.append(number)
            return get(number)

        monkeypatch.setattr(app.index, "get", counted)
        app.journal.extend([told(count, "server", "accepted", "accepted the last")])
        app.draw()
        await until(pilot, lambda: "accepted the last" in screen(pilot))
        assert 0 < len(read) < 100


def test_two_lists_as_one() -> None:
    """Protects the order of a timeline that messages and connections share, from wherever it is looked at."""
    dice = random.Random(5)
    for _ in range(300):
        numbers = dice.sample(range(200), dice.randrange(60))
        split = dice.randrange(len(numbers) + 1)
        rows = Rows(sorted(numbers[:split]), sorted(numbers[split:]))
        start, count = dice.randrange(70), dice.randrange(20)
        assert rows.window(start, count) == sorted(numbers)[start : start + count]
        assert rows.before(100) == sum(number < 100 for number in numbers)


def playground(pilot: Pilot[None]) -> Playground:
    """Return the app."""
    assert isinstance(pilot.app, Playground)
    return pilot.app


async def test_watching_a_server_come_and_go() -> None:
    """Protects the view as it is used: listening, connected, an outside peer, a kill, retries, and its other face."""
    async with playing("reqrep", work={"work": 0.0}) as pilot, zmq_stranger() as stranger:
        await press(pilot, "i", "space")
        await until(pilot, lambda: "handshake done with server" in screen(pilot))
        await until(pilot, lambda: "with server" in screen(pilot) and "3 connected" in screen(pilot))
        stage = playground(pilot).query("Pane").first().stage  # type: ignore[attr-defined]
        stranger.connect(stage.addresses["requests"])
        await until(pilot, lambda: "with outside :" in screen(pilot) and "1 outside" in screen(pilot))
        await press(pilot, "k")
        await until(pilot, lambda: "tries again" in screen(pilot) and "nobody here listens" in screen(pilot))
        await press(pilot, "r", "down", "i", "z")
        await until(pilot, lambda: "client-1: connections and messages" in screen(pilot))
        await until(pilot, lambda: "→ Hello" in screen(pilot) and "⇄ connected to :" in screen(pilot))


async def test_inproc_has_no_monitors() -> None:
    """Protects honesty: on inproc the view says that libzmq reports nothing, and what the playground knows itself."""
    async with playing("reqrep") as pilot:
        stage = playground(pilot).query("Pane").first().stage  # type: ignore[attr-defined]
        stage._at.clear()
        stage.set_transport("inproc")
        await press(pilot, "i", "space")
        await until(pilot, lambda: "libzmq reports nothing about inproc" in screen(pilot))
        await until(pilot, lambda: "asked for it: client-1, client-2 and client-3" in screen(pilot))


class zmq_stranger:  # noqa: N801 – reads like a function
    """A REQ of another context."""

    async def __aenter__(self) -> zmq.Socket[bytes]:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        return self.context.socket(zmq.REQ)

    async def __aexit__(self, *_: object) -> None:
        self.context.destroy(0)

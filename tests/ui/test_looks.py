"""How it looks, from scripted data: never from live threads."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App, ComposeResult

from tests.ui.support import still
from zmqtui.core.journal import WALL, Event, Journal, Tally
from zmqtui.core.stage import Stage
from zmqtui.core.state import State, Status
from zmqtui.core.watch import Figure, InstanceView, StageView
from zmqtui.patterns import every, find
from zmqtui.ui.app import Playground
from zmqtui.ui.card import Card
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.event_log import EventLog
from zmqtui.ui.figures import Figures
from zmqtui.ui.themes import meanings

Compare = Callable[..., bool]
NOON = 1_700_000_000 - WALL
"""A moment on the engine's clock that is always the same time of day."""


@pytest.mark.parametrize("pattern", ["reqrep", "pubsub", "pipeline"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
def test_idle_tabs(snap_compare: Compare, pattern: str, size: tuple[int, int]) -> None:
    """You should see the tab before it was started: controls, cards, the pattern's picture and the keys."""
    stages = [Stage(each) for each in every()]
    assert snap_compare(Playground(stages, first=pattern), terminal_size=size, run_before=still)


def test_light(snap_compare: Compare) -> None:
    """You should see dark letters on a light ground, and every meaning in a colour that can be read there."""
    stages = [Stage(each) for each in every()]
    app = Playground(stages, first="pubsub", theme="zmqtui-light")
    assert snap_compare(app, terminal_size=(120, 40), run_before=still)


def view_of(instances: tuple[InstanceView, ...]) -> StageView:
    """Return a scripted view of a pipeline."""
    addresses = {"tasks": "tcp://127.0.0.1:5557", "results": "tcp://127.0.0.1:5558"}
    pattern = find("pipeline")
    knobs = {knob.name: knob.default for knob in pattern.knobs}
    return StageView(pattern, "tcp", addresses, knobs, instances, {"tasks": 3}, NOON + 10, 10.0, True, False)


def instance(number: int, state: State, **more: Any) -> InstanceView:
    """Return a scripted worker that has been in its state for some seconds."""
    values: dict[str, Any] = {
        "name": f"worker-{number}",
        "role": "worker",
        "life": 1,
        "status": Status(state, NOON + 10 - number, more.pop("detail", "")),
        "paused": state is State.PAUSED,
        "sent": Tally(number * 1_000, number * 1_000, 0),
        "received": Tally(number * 12_345, number * 12_345, number * 100_000),
        "sent_rate": 12.0 * number,
        "received_rate": 3.0,
        "ports": (),
        "work": 1.0,
        "awaiting": 0.0,
        "orphaned": False,
        "losses": None,
        "knobs": {"slowdown": 1.0 if number % 2 else 2.5},
        "connected": frozenset(),
        "port_in_use": False,
    }
    return InstanceView(**(values | more))


class Gallery(App[None]):
    """Shows cards in every state, figures, and a log of every kind of event."""

    def __init__(self, *, brief: bool) -> None:
        super().__init__()
        self.brief = brief
        self.journal = Journal()
        self.index = EventIndex(self.journal)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every meaning its colour."""
        return meanings(dark=True)

    def compose(self) -> ComposeResult:
        """Lay out one card for each state, the figures and the log."""
        for number, _ in enumerate(State, 1):
            yield Card(f"worker-{number}", number, None)
        yield Figures(find("pipeline").gate)
        yield EventLog(self.index)

    def on_mount(self) -> None:
        """Draw when the cards know their width."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw the scripted data."""
        details = {State.WORKING: "30", State.FAILED: "ValueError: \x1b[31mnot a number", State.BINDING: "port 5557"}
        instances = tuple(
            instance(number, state, detail=details.get(state, ""), orphaned=state is State.RECEIVING)
            for number, state in enumerate(State, 1)
        )
        view = view_of(instances)
        figures = [
            Figure("share", 25, "25 tasks", "", 0.66, "received", brief=True),
            Figure("lost", 3, "3 lost", "", tone="lost"),
            Figure("away", 0, "0 away", "", tone="lost"),
        ]
        for card, each in zip(self.query(Card), instances, strict=True):
            card.show(view, each, figures, brief=self.brief, picked=each.name == "worker-3")
        self.query_one(Figures).show(view, [Figure("results", 78, "78/100 results", fraction=0.78), *figures])
        self.journal.extend(
            [
                Event(NOON, "client-1", "send", (b"Hello", b"", b"\x1b[31m\xff"), "requests"),
                Event(NOON + 0.0015, "server", "recv", (b"Hello",), "requests", peer="client-1"),
                Event(NOON + 0.2, "server", "say", text="Received request: b'Hello'"),
                Event(NOON + 0.3, "server", "state", text="killed"),
                Event(NOON + 0.3, "server", "state", text="running"),
                Event(NOON + 0.4, "client-1", "error", text="ZMQError EFSM: Operation cannot be accomplished"),
                Event(NOON + 0.5, "client-1", "link", text="disconnected from tcp://127.0.0.1:5555"),
                Event(NOON + 0.6, "client-1", "note", text="reconnected to inproc://reqrep/requests"),
                Event(NOON + 0.7, "publisher", "skipped", text="send", messages=123_456),
            ]
        )
        self.index.pull()
        self.query_one(EventLog).show(self.index, self.index.of(""))


@pytest.mark.parametrize("brief", [False, True], ids=["lines", "brief"])
def test_every_state_figure_and_event(snap_compare: Compare, brief: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """You should tell every state by its sign and word, see bars, and every kind of event in the log."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert snap_compare(Gallery(brief=brief), terminal_size=(110, 30 if brief else 76))

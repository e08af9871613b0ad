"""The sequence view: arrows, lanes, gaps and losses, at every zoom, followed live, scrolled back, and at any size."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.ui.support import playing, press, screen, until
from zmqtui.core.books.history import History
from zmqtui.core.journal import WALL, Event, Journal, Tally
from zmqtui.core.model import Pattern
from zmqtui.core.state import State, Status
from zmqtui.core.watch import InstanceView, StageView
from zmqtui.patterns import find
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.themes import DARK, LIGHT, meanings
from zmqtui.ui.view import Scene, View
from zmqtui.ui.views.ladder.lanes import lay_out, shorten
from zmqtui.ui.views.ladder.scroll import SPANS, Scroll
from zmqtui.ui.views.ladder.story import WINDOW, Story
from zmqtui.ui.views.sequence import Sequence as SequenceView

Compare = Callable[..., bool]
NOON = 1_700_000_000 - WALL
"""A moment on the engine's clock that is always the same time of day."""


def says(second: float, who: str, kind: str, what: str, at: str = "requests", peer: str = "", **more: Any) -> Event:
    """Return an event so many seconds after noon."""
    message = kind in ("send", "recv", "lost")
    frames = tuple(part.encode() for part in what.split("|")) if message else ()
    return Event(NOON + second, who, kind, frames, at, more.pop("text", "" if message else what), peer, **more)


def instance(name: str, role: str, state: State) -> InstanceView:
    """Return a scripted instance."""
    return InstanceView(
        name, role, 1, Status(state, NOON), state is State.PAUSED, Tally(), Tally(), 0.0, 0.0, (), 0.0, 0.0, False,
        None, {}, frozenset(), False,
    )  # fmt: skip


def stage(
    pattern: Pattern, counts: dict[str, int], *, running: bool = True, state: State = State.RECEIVING
) -> StageView:
    """Return a scripted view of a stage."""
    instances = tuple(
        instance(role.instance(number + 1), role.name, state if running else State.NOT_STARTED)
        for role in pattern.roles
        for number in range(counts.get(role.name, role.default))
    )
    addresses = {endpoint.name: f"tcp://127.0.0.1:{endpoint.port}" for endpoint in pattern.endpoints}
    return StageView(pattern, "tcp", addresses, {}, instances, {}, NOON + 100, 100.0, running, False)


class Picture(App[None]):
    """Shows a scripted journal."""

    def __init__(
        self, view: StageView, events: Sequence[Event], selected: str = "", *, light: bool = False, zoom: int = 0
    ) -> None:
        self.view, self.selected, self.light, self.zoom = view, selected, light, zoom
        self.journal = Journal()
        self.journal.extend(events)
        self.index = EventIndex(self.journal)
        self.picked: int | None = None
        self.messages: list[View.Picked | View.Selected] = []
        super().__init__()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every meaning its colour."""
        return meanings(dark=not self.light)

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield SequenceView()

    def on_mount(self) -> None:
        """Draw when the view knows its size."""
        theme = LIGHT if self.light else DARK
        self.register_theme(theme)
        self.theme = theme.name
        self.call_after_refresh(self.draw)

    @property
    def sequence(self) -> SequenceView:
        """The view."""
        return self.query_one(SequenceView)

    def draw(self) -> None:
        """Draw a frame."""
        if self.zoom:
            self.sequence.action_zoom(self.zoom)
            self.zoom = 0
        roles = [role.name for role in self.view.pattern.roles]
        ranks = {each.name: roles.index(each.role) for each in self.view.instances}
        self.index.pull()
        scene = Scene(
            stage=self.view,
            figures={},
            selected=self.selected or self.view.instances[0].name,
            picked=self.picked,
            index=self.index,
            history=History(),
            pointers=dict,
            ranks=ranks,
        )
        self.sequence.show(scene)

    def on_view_picked(self, event: View.Picked) -> None:
        """Remember what was picked."""
        self.messages.append(event)

    def on_view_selected(self, event: View.Selected) -> None:
        """Remember who was selected."""
        self.messages.append(event)


REQREP, PUBSUB, PIPELINE = find("reqrep"), find("pubsub"), find("pipeline")
ROUND = [
    says(0.0, "server", "state", "running"),
    says(0.001, "server", "state", "waiting in recv()"),
    *(says(0.002, f"client-{number}", "state", "running") for number in (1, 2, 3)),
    says(0.1, "client-1", "send", "Hello"),
    says(0.1005, "client-1", "state", "waiting in recv()"),
    says(0.101, "server", "recv", "Hello", peer="client-1"),
    says(0.1015, "server", "state", "working: 1"),
    says(0.14, "client-2", "send", "Hello"),
    says(0.1405, "client-2", "state", "waiting in recv()"),
    says(1.101, "server", "state", "running"),
    says(1.102, "server", "send", "World"),
    says(1.103, "client-1", "recv", "World", peer="server"),
    says(1.1031, "client-1", "state", "running"),
    says(1.104, "server", "recv", "Hello", peer="client-2"),
    says(1.105, "server", "state", "working: 1"),
    says(1.106, "client-1", "state", "paused"),
    says(1.3, "client-3", "send", "Good morning, is anybody there?"),
    says(1.3001, "client-3", "state", "waiting in recv()"),
    says(1.6, "server", "state", "killed"),
    says(1.61, "client-2", "lost", "Hello", text="no reply can come: who had it is gone"),
    says(4.0, "server", "state", "running"),
    says(4.1, "server", "recv", "Hello", peer="192.0.2.7:5000"),
    says(4.1001, "server", "error", "ZMQError EFSM: a REQ sends and receives in turn"),
    says(4.2, "server", "send", "\x1b[31m[b]red"),
]


def text(app: Picture) -> list[str]:
    """Return what is shown below the names, without the times."""
    return [line[13:].rstrip() for line in app.sequence.copied().split("\n")[1:]]


async def test_a_story() -> None:
    """Protects what an arrow means: at once, late, of nobody here, to nobody any more; and what a lane tells."""
    app = Picture(stage(REQREP, {}), ROUND)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.sequence.copied())
        rows = text(app)

        def row(*parts: str) -> int:
            found = [number for number, line in enumerate(rows) if all(part in line for part in parts)]
            assert len(found) == 1, (parts, rows)
            return found[0]

        asked = row("◀─", "Hello─┤")
        assert rows[asked + 1].count("◁─Hello─┤") == 1, "client-2's waits in the server's queue"
        assert [line.count("▒") for line in rows[asked + 2 : asked + 4]] == [1, 1], "the server works for a second"
        assert "⋮ 962 ms" in app.sequence.copied()
        answered = row("├─World─", "▶")
        assert rows[answered + 1].count("◀╌") == 1
        assert "Hello +964 ms╌┤" in rows[answered + 1], "how long it waited"
        assert "‖" in rows[answered + 2], "client-1 is paused from here on"
        assert "◁─Good" in rows[row("◁─Good")]
        killed = row("✕ killed")
        lost = row("✗", "Hello", "no reply can come")
        assert killed < lost
        assert not rows[lost + 1][:20].strip(), "the server has no lane while it does not run"
        assert rows[0].count("● starts") == 4
        assert row("192.0.2.7", "Hello") > lost
        assert row("! ZMQError") > lost
        assert "\x1b" not in "".join(rows)
        assert row("␛[31m")


def test_every_message_is_in_a_row_at_every_zoom() -> None:
    """Protects truth: whatever the zoom, each event of a message is in exactly one row, and what is merged counts."""
    journal = Journal()
    events = [says(0.0, name, "state", "running") for name in ("sink", "worker-1", "worker-2", "ventilator")]
    for number in range(300):
        when, who = 0.1 + number * 0.013, f"worker-{number % 2 + 1}"
        events.append(says(when, "ventilator", "send", str(number), "tasks"))
        events.append(says(when + 0.03, who, "recv", str(number), "tasks", "ventilator"))
        events.append(says(when + 0.04, who, "send", "", "results"))
        events.append(says(when + 0.0401, "sink", "recv", "", "results", who))
    events.sort(key=lambda event: event.time)
    journal.extend(events)
    index = EventIndex(journal)
    index.pull()
    view = stage(PIPELINE, {"worker": 2})
    story = Story(PIPELINE, "tcp")
    assert story.cover(index, None, [each.name for each in view.instances], [])
    lanes = lay_out(view, "sink", 100, story.ends)
    heights = []
    for span in SPANS:
        sights, messages, skipped = Scroll(story, lanes, "", span).before(len(story.seen), 100_000)
        numbers = [number for sight in sights for number in sight.row.numbers]
        assert sorted(numbers) == sorted(story.seen)
        arrows = [arrow for sight in sights for arrow in sight.row.arrows]
        assert sum(arrow.count for arrow in arrows if arrow.kind in ("sent", "stub")) == 600
        assert (messages, skipped) == (1200, 0)
        times = [sight.row.time for sight in sights]
        assert all(earlier <= later + 1e-6 for earlier, later in pairwise(times))
        heights.append(len(sights))
    assert heights[1] > heights[2] > heights[3] > heights[4]
    assert heights[4] < 40


def flood(count: int) -> list[Event]:
    """Return so many events of a client that asks all the time."""
    kinds = [
        ("client-1", "send", "Hello", ""),
        ("server", "recv", "Hello", "client-1"),
        ("server", "send", "World", ""),
    ]
    kinds.append(("client-1", "recv", "World", "server"))
    events = []
    for number in range(count):
        who, kind, what, peer = kinds[number % 4]
        events.append(says(number * 0.001, who, kind, f"{what} {number // 4}", peer=peer))
    return events


async def test_a_long_journal_costs_what_a_short_one_does() -> None:
    """Protects the frame: of 100,000 events only a window is read and only the rows in sight are made."""
    spent: dict[int, float] = {}
    for count in (WINDOW, 100_000):
        # Of both the present comes after all events: what may still change is drawn anew in every frame.
        app = Picture(stage(REQREP, {})._replace(time=NOON + count * 0.001 + 30), flood(count))
        async with app.run_test(size=(100, 40)) as pilot:
            await until(pilot, lambda app=app: "World" in app.sequence.copied())  # type: ignore[misc]
            assert f"World {count // 4 - 1}" in app.sequence.copied()
            again = []
            for number in range(20):
                app.journal.extend([says(count * 0.001 + number, "client-1", "send", f"again {number}")])
                begun = time.thread_time()
                app.draw()
                again.append(time.thread_time() - begun)
            assert "again 19" in app.sequence.copied()
            spent[count] = sorted(again)[10]
            for place in (60_000, 3, 99_990, 50_001):
                app.picked = min(place, count - 10)
                app.draw()
                assert f" {app.picked // 4}─" in app.sequence.copied(), "the picked one is in sight"
    assert spent[100_000] < spent[WINDOW] * 3 + 0.002


async def test_scrolling_and_following() -> None:
    """Protects the way back and forth: page by page to the beginning, on to the end, where it follows again."""
    app = Picture(stage(REQREP, {}), flood(20_000))
    async with app.run_test(size=(100, 40)) as pilot:
        view = app.sequence
        await until(pilot, lambda: "World 4999" in view.copied())
        seen = set()
        for _ in range(400):
            seen |= {int(part.split("─")[0]) for part in view.copied().split("Hello ")[1:]}
            before = view.copied()
            view.page(-1)
            if view.copied() == before:
                break
        assert seen == set(range(5000)), "nothing was jumped over"
        assert "ago" in view.about
        app.journal.extend([says(30, "client-1", "send", "new")])
        app.draw()
        assert "new" not in view.copied()
        for _ in range(400):
            view.page(1)
            if "new" in view.copied():
                break
        app.journal.extend([says(31, "client-1", "send", "newer")])
        app.draw()
        assert "newer" in view.copied()
        assert "ago" not in view.about
        app.picked = 12_345
        app.draw()
        assert "newer" not in view.copied()
        app.picked = None
        app.draw()
        assert "newer" in view.copied()
        app.journal.clear()
        app.draw()
        assert "Hello" not in view.copied()


async def test_zoom_turn_and_clicks() -> None:
    """Protects the keys: wider merges and counts, u shows one instance's only; a click picks, or selects."""
    app = Picture(stage(REQREP, {}), flood(400), "client-2")
    async with app.run_test(size=(100, 40)) as pilot:
        view = app.sequence
        await until(pilot, lambda: "World 99" in view.copied())
        assert view.about == "every message"
        await pilot.click(SequenceView, offset=(40, 39))
        await pilot.click(SequenceView, offset=(30, 38))
        await pilot.click(SequenceView, offset=(95, 0))
        await until(pilot, lambda: len(app.messages) == 3)
        selected, picked, named = app.messages
        assert isinstance(picked, View.Picked)
        assert picked.number is not None
        assert (event := app.journal.get(picked.number))
        assert event.frames == (b"World 99",)
        assert isinstance(selected, View.Selected)
        assert isinstance(named, View.Selected)
        assert named.instance == "client-3"
        view.action_zoom(4)
        app.draw()
        assert "1 s a row" in view.about
        assert "Hello 0, … ×100" in view.copied()
        assert "World 0, … ×100" in view.copied()
        view.turn()
        app.draw()
        assert "Hello" not in view.copied(), "client-2 has nothing to do with it"
        assert "client-2's" in view.about
        view.action_zoom(-9)
        view.turn()
        app.draw()
        assert "World 99" in view.copied()
        saved = view.saved()
        assert saved is not None
        assert saved[0] == "reqrep-sequence.txt"


async def test_high_rates_say_that_they_are_sampled() -> None:
    """Protects honesty at 20,000 messages a second: how many are not shown, on the lane and in the header."""
    events = [says(0, "publisher", "state", "running")]
    for number in range(8):
        when = 1 + number / 4
        events.append(says(when, "publisher", "skipped", "send", "weather", messages=4_999))
        events.append(says(when, "publisher", "send", f"1000{number} 1 2", "weather"))
    app = Picture(stage(PUBSUB, {}), events)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.sequence.copied())
        assert app.sequence.about == "every message · shows 1 in 5,000 messages"
        assert app.sequence.copied().count("⋯ 4,999 more sent") == 8
        app.sequence.action_zoom(4)
        app.draw()
        assert "⋯ 19,996 more sent" in app.sequence.copied()


def test_lanes_for_many() -> None:
    """Protects large stages: 16 fit in 118 columns, of 64 the selected one and its partners come first."""
    story = Story(PIPELINE, "tcp")
    sixteen = lay_out(stage(PIPELINE, {"worker": 14}), "worker-3", 118, story.ends)
    assert (len(sixteen.each), sixteen.more) == (16, 0)
    assert [lane.label for lane in sixteen.each[-3:]] == ["w-13", "w-14", "ven…"]
    assert all(later.x - earlier.x >= 6 for earlier, later in pairwise(sixteen.each))
    many = lay_out(stage(PIPELINE, {"worker": 62}), "worker-60", 118, story.ends)
    names = [lane.name for lane in many.each]
    assert {"sink", "worker-60", "ventilator"} <= set(names)
    assert names.index("sink") < names.index("worker-60") < names.index("ventilator")
    assert len(names) + many.more == 64
    assert shorten("subscriber-1", 9) == "subscri-1"
    assert shorten("\x1b[31mx", 4) == "␛[3…"


def lossy() -> list[Event]:
    """Return what a publisher said to subscribers of whom one was away."""
    events = [says(0, name, "state", "running") for name in ("publisher", "subscriber-1", "subscriber-3")]
    events += [says(0.001, name, "state", "waiting in recv()") for name in ("subscriber-1", "subscriber-3")]
    for number in range(4):
        when, what = 0.2 + number * 0.2, f"1000{number} {number * 7} 40"
        events.append(says(when, "publisher", "send", what, "weather"))
        events.append(says(when + 0.0001, "publisher", "state", "working: 0.2"))
        for who in ("subscriber-1", "subscriber-3") if number else ():
            events.append(says(when + 0.001, who, "recv", what, "weather", "publisher"))
        why = "published before it had joined" if number else "dropped at the high-water mark"
        events.append(says(when + 0.05, "subscriber-2", "lost", what, "weather", "publisher", text=why))
    events.append(says(1.0, "subscriber-3", "lost", "10009 1 1", "weather", text="lost with its publisher"))
    return events


PICTURES: dict[str, tuple[tuple[int, int], Callable[[], Picture]]] = {
    "idle": ((80, 12), lambda: Picture(stage(REQREP, {}, running=False), [])),
    "story": ((118, 32), lambda: Picture(stage(REQREP, {}), ROUND, "client-2")),
    "narrow": ((80, 18), lambda: Picture(stage(REQREP, {}), ROUND, "client-2")),
    "losses-light": ((118, 24), lambda: Picture(stage(PUBSUB, {}), lossy(), "subscriber-2", light=True)),
    "tenths": ((118, 20), lambda: Picture(stage(REQREP, {}), flood(1500), "client-1", zoom=3)),
    "sixteen": ((118, 20), lambda: Picture(stage(PIPELINE, {"worker": 14}), many(14), "worker-3")),
    "sixty": ((118, 20), lambda: Picture(stage(PIPELINE, {"worker": 62}), many(62), "worker-3")),
}


def many(count: int) -> list[Event]:
    """Return a batch of tasks for so many workers."""
    events = []
    for number in range(count):
        when, who, what = number * 0.003, f"worker-{number + 1}", str(number + 40)
        events.append(says(when, "ventilator", "send", what, "tasks"))
        events.append(says(when + 0.001, who, "recv", what, "tasks", "ventilator"))
        events.append(says(when + 0.0011, who, "state", "working: 0.04"))
        events.append(says(when + 0.04, who, "state", "running"))
        events.append(says(when + 0.041, who, "send", "", "results"))
        events.append(says(when + 0.042, "sink", "recv", "", "results", who))
    return sorted(events, key=lambda event: event.time)


@pytest.mark.parametrize("name", list(PICTURES))
def test_pictures(snap_compare: Compare, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """You should see who sends what to whom, who waits or works, what is late, and what is lost and why."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    size, make = PICTURES[name]
    app = make()
    app.picked = next((n for n, event in enumerate(app.journal.read(0)[0]) if event.kind == "lost"), None)
    assert snap_compare(app, terminal_size=size)


def sequence(pilot: Pilot[None]) -> SequenceView:
    """Return the view on the desk."""
    return next(view for view in pilot.app.screen.query(SequenceView) if view.size)


async def test_live() -> None:
    """Live you should see arrows between real sockets, what is lost with a killed server, and step through messages."""
    async with playing("reqrep", reqrep={"work": 0.05, "requests": 0}) as pilot:
        await press(pilot, "u", "z")
        await until(pilot, lambda: "space starts it" in screen(pilot), "how to begin")
        await press(pilot, "space")
        await until(pilot, lambda: sequence(pilot).copied().count("World─") > 3, "replies")
        await until(pilot, lambda: "Hello +" in sequence(pilot).copied(), "requests that waited")
        await press(pilot, "left")
        await until(pilot, lambda: sequence(pilot)._picked is not None)
        index = sequence(pilot)._scene.index  # type: ignore[union-attr]
        end = index.bounds[1]
        await until(pilot, lambda: index.bounds[1] > end + 40)
        still = sequence(pilot).copied().split("\n")[1:]
        await until(pilot, lambda: index.bounds[1] > end + 80)
        assert sequence(pilot).copied().split("\n")[1:] == still, "it stands still while a message is picked"
        await press(pilot, "end", "k")
        await until(pilot, lambda: "no reply can come" in sequence(pilot).copied(), "what is lost")
        assert "✕ killed" in sequence(pilot).copied()
        await press(pilot, "minus", "minus", "minus", "minus")
        await until(pilot, lambda: " ×" in sequence(pilot).copied(), "merged arrows")

"""The code view: who stands where, the script that is copied and saved, and sources that cannot be shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.pilot import Pilot

from tests.helpers import pattern_of
from tests.ui.support import playing, press, screen, until
from zmqtui.core.books.history import History
from zmqtui.core.export.script import script
from zmqtui.core.export.source import source_of
from zmqtui.core.journal import Journal, Tally
from zmqtui.core.stage import Stage
from zmqtui.core.state import State, Status
from zmqtui.core.threads.pointer import Pointer
from zmqtui.core.watch import InstanceView, StageView
from zmqtui.patterns import find
from zmqtui.ui.app import Playground
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.themes import meanings
from zmqtui.ui.view import Scene
from zmqtui.ui.views.code import Code
from zmqtui.ui.views.listing import Listing, Note, Page
from zmqtui.ui.views.trail import Trail


def code(pilot: Pilot[None]) -> Code:
    """Return the code view of the tab on view."""
    app = pilot.app
    assert isinstance(app, Playground)
    return app.pane.query_one(Code)


def line_with(pilot: Pilot[None], text: str) -> str:
    """Return the row of the screen that says `text`, or nothing."""
    return next((row for row in screen(pilot).splitlines() if text in row), "")


async def test_who_stands_where() -> None:
    """You should see the server where it works, every client where it waits, and the killed one below the code."""
    async with playing(size=(200, 60), reqrep={"work": 600.0}) as pilot:
        await press(pilot, "c", "z")
        await until(pilot, lambda: "◀ ○ server not started: space starts it" in screen(pilot))
        await press(pilot, "space")
        await until(pilot, lambda: "▶         sleep(knobs.work)  ◀ ▒ server working, 5" in screen(pilot))
        await press(pilot, "down")
        await until(pilot, lambda: "◀ ◔ client-1 in recv() for " in line_with(pilot, "reply = socket.recv()"))
        await until(pilot, lambda: "◔ client-2 ◔ client-3" in line_with(pilot, "reply = socket.recv()"))
        assert f"client · zmqtui/patterns/request_reply.py:{FIRST}" in screen(pilot)
        await press(pilot, "k")
        await until(pilot, lambda: "  ◀ ✕ client-1 killed" in screen(pilot))
        await until(pilot, lambda: "◀ ◔ client-2 ◔ client-3" in line_with(pilot, "reply = socket.recv()"))


async def test_the_line_is_kept_in_sight() -> None:
    """A source longer than the view follows its pointer, until somebody pages away, and again for another one."""
    wants = {"subscriber-1.filter": (), "subscriber-2.filter": ()}
    async with playing("pubsub", (80, 24), pubsub=wants) as pilot:
        await press(pilot, "c", "space", "down")
        await until(pilot, lambda: "◀ ◔ subscriber-1 in recv()" in line_with(pilot, "update = socket.recv()"))
        await until(pilot, lambda: "def subscriber(" not in screen(pilot))
        await press(pilot, "pageup", "pageup", "pageup")
        await until(pilot, lambda: "def subscriber(" in screen(pilot))
        # Ten frames later it still is where it was put.
        shown = [0]
        plain = code(pilot).show

        def count(scene: Scene) -> None:
            shown[0] += 1
            plain(scene)

        code(pilot).show = count  # type: ignore[method-assign]
        await until(pilot, lambda: shown[0] > 10)
        assert "def subscriber(" in screen(pilot)
        await press(pilot, "down")
        await until(pilot, lambda: "◀ ◔ subscriber-2 in recv()" in line_with(pilot, "update = socket.recv()"))


async def test_the_script_is_shown_copied_and_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All three must be what `zmqtui code` makes, with the knobs and addresses of now and the instance's own."""
    monkeypatch.chdir(tmp_path)
    async with playing("pipeline", (200, 60), pipeline={"worker-2.slowdown": 2.5}) as pilot:
        app = pilot.app
        assert isinstance(app, Playground)
        stage = app.pane.stage
        await press(pilot, "c", "c", "down", "down")
        await until(pilot, lambda: "slowdown=2.5," in screen(pilot) and "as a script" in screen(pilot))
        await press(pilot, "y", "ctrl+s")
        knobs = stage.knobs | {"slowdown": 2.5}
        wanted = script(stage.pattern, stage.pattern.role("worker"), stage.addresses, knobs)
        await until(pilot, (tmp_path / "pipeline_worker-2.py").exists)
        await until(pilot, lambda: (tmp_path / "pipeline_worker-2.py").read_text(encoding="utf-8") == wanted)
        assert app.clipboard == wanted
        stage.set_knob("slowdown", 7.0, "worker-2")
        await press(pilot, "space")
        await until(pilot, lambda: "slowdown=7.0," in screen(pilot))
        await press(pilot, "up", "up", "c")
        await until(pilot, lambda: "def sink(context: Context" in screen(pilot))
        assert code(pilot).saved() == ("pipeline_sink.py", code(pilot).copied())


async def test_a_line_can_be_clicked() -> None:
    """A click selects whoever stands there, one after the other."""
    async with playing(size=(120, 40), reqrep={"work": 600.0}) as pilot:
        app = pilot.app
        assert isinstance(app, Playground)
        await press(pilot, "c", "space", "down")
        for name in ("client-1", "client-2", "client-3", "client-1"):
            await until(pilot, lambda name=name: f"{name} in recv()" in line_with(pilot, "reply = socket.recv()"))  # type: ignore[misc]
            row = next(y for y, text in enumerate(screen(pilot).splitlines()) if "reply = socket.recv()" in text)
            await pilot.click(offset=(20, row))
            await until(pilot, lambda name=name: app.pane.selected != name)  # type: ignore[misc]


async def test_a_source_that_cannot_be_read() -> None:
    """The view must say so, have nothing to copy or save, and never take the app down."""
    scope: dict[str, Any] = {}
    exec("def typed(context, endpoints, knobs): context.socket(0).bind(endpoints.line)", scope)
    app = Playground([Stage(pattern_of({"typed": scope["typed"]}), transport="inproc")])
    async with app.run_test(size=(200, 40)) as pilot:
        await until(pilot, lambda: app.focused is not None)
        await press(pilot, "c", "space")
        await until(pilot, lambda: "the source of typed cannot be read: it was not made in a file" in screen(pilot))
        await press(pilot, "c")
        await until(pilot, lambda: any(each.state is State.FINISHED for each in app.pane.stage.view().instances))
        assert code(pilot).copied() == ""
        assert code(pilot).saved() is None


NOW = 1000.0
FIRST = source_of(find("reqrep").role("client").function).first


def client(number: int, state: State, seconds: float = 3.14, **more: Any) -> InstanceView:
    """Return a scripted client that is in its state for so long."""
    values: dict[str, Any] = {
        "name": f"client-{number}",
        "role": "client",
        "life": 1,
        "status": Status(state, NOW - seconds),
        "paused": state is State.PAUSED,
        "sent": Tally(),
        "received": Tally(),
        "sent_rate": 0.0,
        "received_rate": 0.0,
        "ports": (),
        "work": 0.0,
        "awaiting": 0.0,
        "orphaned": False,
        "losses": None,
        "knobs": {},
        "connected": frozenset(),
        "port_in_use": False,
    }
    return InstanceView(**(values | more))


def stage_view(*instances: InstanceView) -> StageView:
    """Return a scripted view of clients."""
    pattern = find("reqrep")
    knobs = {knob.name: knob.default for knob in pattern.knobs}
    at = {"requests": "tcp://127.0.0.1:5555"}
    return StageView(pattern, "tcp", at, knobs, instances, {"requests": 1}, NOW, 9.0, True, False)


def test_a_running_one_does_not_flicker() -> None:
    """It is on another line at every look, but what is said of it must stay where it can be read."""
    trail, view = Trail(), stage_view(client(1, State.RUNNING, 0.0))
    settled = []
    for look in range(150):
        line = (30, 31, 30, 33)[look % 4]
        trail.look(view, "client", {"client-1": Pointer(line)})
        assert trail.now == {"client-1": line}
        settled.append(trail.settled["client-1"])
    assert set(settled[10:]) == {30}
    shares = trail.shares("client-1")
    assert sum(shares.values()) == pytest.approx(1)
    assert shares[30] == pytest.approx(0.5, abs=0.01)


def test_a_standing_one_is_where_it_stands() -> None:
    """Who waits is there at once; whoever is gone is nowhere; a new life begins with no past."""
    trail = Trail()
    for _ in range(50):
        trail.look(stage_view(client(1, State.RUNNING, 0.0)), "client", {"client-1": Pointer(30)})
    trail.look(stage_view(client(1, State.RECEIVING, 0.5)), "client", {"client-1": Pointer(35)})
    assert trail.settled == {"client-1": 35}
    trail.look(stage_view(client(1, State.KILLED)), "client", {})
    assert trail.settled == {}
    trail.look(stage_view(client(1, State.RUNNING, 0.0, life=2)), "client", {"client-1": Pointer(31)})
    assert trail.shares("client-1") == {31: 1.0}


class Scripted(App[None]):
    """Shows the code view with a scripted scene."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every meaning its colour."""
        return meanings(dark=True)

    def compose(self) -> ComposeResult:
        """Lay out the view alone."""
        yield Code()

    def on_mount(self) -> None:
        """Draw when the view has its size."""
        self.call_after_refresh(lambda: self.query_one(Code).show(self.scene))


@pytest.mark.parametrize("width", [60, 100])
def test_looks(snap_compare: Callable[..., bool], width: int) -> None:
    """You should see the source, the selected one's state in words, others by name where there is room, or counted."""
    states = [State.RECEIVING, State.RECEIVING, State.PAUSED, State.SENDING, State.KILLED, State.FAILED, State.FINISHED]
    clients = [client(number, state) for number, state in enumerate(states, 1)]
    clients += [client(number, State.RECEIVING) for number in range(8, 21)]
    clients[1] = client(2, State.RECEIVING, 200, orphaned=True)
    lines = {State.RECEIVING: 6, State.PAUSED: 7, State.SENDING: 5}
    pointers = {each.name: Pointer(FIRST + lines[each.state]) for each in clients if each.state in lines}
    journal = Journal()
    scene = Scene(
        stage_view(*clients), {}, "client-2", None, EventIndex(journal), History(), lambda: pointers,
        {each.name: 1 for each in clients},
    )  # fmt: skip
    assert snap_compare(Scripted(scene), terminal_size=(width, 16))


async def test_what_differs_in_colour_only_is_drawn_too() -> None:
    """A note that only changes its colour, as a sign whose instance becomes the selected one, must be seen to."""

    class Alone(App[None]):
        def compose(self) -> ComposeResult:
            yield Listing()

    def colours() -> list[str]:
        strip = pilot.app.screen._compositor.render_strips()[1]
        return [str(part.style.color.name) for part in strip if part.style and part.style.color and "●" in part.text]

    async with Alone().run_test(size=(40, 10)) as pilot:
        listing = pilot.app.query_one(Listing)
        await until(pilot, lambda: listing.size.height == 10)
        for colour in ("#ff0000", "#0000ff"):
            listing.show(Page("one\ntwo"), {2: Note(Content.styled("●", colour))}, 0)
            await until(pilot, lambda colour=colour: colours() == [colour])  # type: ignore[misc]

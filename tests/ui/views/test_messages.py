"""The messages view: every frame by name, one message in every format, beside the one before; copied and exported."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.ui.support import playing, press, screen, until
from zmqtui.core.books.history import History
from zmqtui.core.journal import WALL, Event, Journal
from zmqtui.core.model import Endpoint, Link, Pattern, Role
from zmqtui.core.stage import Stage
from zmqtui.core.watch import Watcher
from zmqtui.ui.app import Playground
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.themes import DARK, LIGHT, meanings
from zmqtui.ui.view import Scene
from zmqtui.ui.views.messages import Messages

Compare = Callable[..., bool]
NOON = 1_700_000_000 - WALL
CLIENT, WORKER = b"\0k\x8bEg", b"\0k\x8bEh"


def nobody(context: object, endpoints: object, knobs: object) -> None:
    """Play nothing: this pattern is only looked at."""


BROKER = Pattern(
    name="broker",
    title="Broker",
    short="Broker",
    about="",
    roles=(Role("broker", nobody), Role("client", nobody, 2, 9), Role("worker", nobody, 2, 9)),
    endpoints=(
        Endpoint("frontend", 1, Link("broker", "ROUTER"), (Link("client", "REQ"),)),
        Endpoint("backend", 2, Link("broker", "ROUTER"), (Link("worker", "REQ"),)),
    ),
    knobs=(),
    watcher=Watcher,
)


def job(number: int) -> bytes:
    """Return a job as JSON."""
    tags = {"colour": "red", "sizes": [1, 2, number]}
    return json.dumps({"job": number, "who": "client-1", "tags": tags, "done": False}).encode()


def reply(second: float, *frames: bytes) -> Event:
    """Return a message that the broker received from a worker."""
    return Event(NOON + second, "broker", "recv", frames, "backend", peer="worker-1")


class Look(App[None]):
    """Shows the view, and nothing else, of a scripted journal."""

    def __init__(self, events: Sequence[Event], picked: int | None = None, *, light: bool = False) -> None:
        self.light = light
        super().__init__()
        self.view = Messages()
        self.journal = Journal()
        self.index = EventIndex(self.journal)
        self.stage = Stage(BROKER)
        self.picked = picked
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
        self.index.pull()
        ranks = {"broker": 0, "client-1": 1, "client-2": 1, "worker-1": 2}
        stage = self.stage.view()
        self.view.show(Scene(stage, {}, "broker", self.picked, self.index, History(), self.stage.pointers, ranks))


JOBS = [reply(number, WORKER, b"", CLIENT, b"", job(9 + number)) for number in range(2)]


def looked(pilot: Pilot[None]) -> list[str]:
    """Return what the view shows now, line by line."""
    assert isinstance(pilot.app, Look)
    pilot.app.draw()
    return [line.rstrip() for line in screen(pilot).splitlines()]


@pytest.mark.parametrize("size", [(78, 12), (118, 34)], ids=str)
def test_an_envelope_taken_apart(snap_compare: Compare, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """You should see five frames by name, the empty ones drawn as empty, JSON laid out, and what changed marked."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert snap_compare(Look(JOBS, 1), terminal_size=size)


def test_light_bytes(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    """You should see a hex dump and a text, dark on light, changed bytes marked, nothing raw."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    frames = [(CLIENT, f"Grüße\t{n}\n[red]".encode(), bytes([*range(40), n])) for n in (1, 2)]
    events = [Event(NOON + n, "broker", "send", each, "frontend") for n, each in enumerate(frames)]
    assert snap_compare(Look(events, light=True), terminal_size=(90, 16))


async def test_formats_folds_and_differences_of_one_message() -> None:
    """Keys change how the same bytes are read, folded and compared; the message stays the same one."""
    app = Look(JOBS)
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, lambda: "message 2 of 2" in "\n".join(looked(pilot)))
        assert "frame 5: 2 bytes longer than the one before, 1.0 s earlier" in "\n".join(looked(pilot))
        assert any(line.endswith('"sizes": [') for line in looked(pilot))
        bodies = {}
        for name in ("text", "JSON", "MessagePack", "hex", "escapes", "auto"):
            app.view.turn()
            looked(pilot)
            await until(pilot, lambda name=name: app.view.about.startswith(name))  # type: ignore[misc]
            await pilot.pause()
            bodies[name] = "\n".join(line for line in looked(pilot) if line.startswith((" │", " ╰")))
        assert len(set(bodies.values())) == 5, "auto and JSON alone are the same"
        assert '{"job": 10, "who"' in bodies["text"]
        assert "7b 22 6a 6f 62" in bodies["hex"]
        assert r"\x00k\x8bEg" in bodies["escapes"]
        assert "no MessagePack" in bodies["MessagePack"]
        app.view.action_unfold(-1)
        await until(pilot, lambda: any(line.endswith('"sizes": […] 3 items') for line in looked(pilot)))
        app.view.action_unfold(-1)
        await until(pilot, lambda: any(line.endswith('"tags": {…} 2 keys,') for line in looked(pilot)))
        app.view.action_unfold(1)
        await until(pilot, lambda: any(line.endswith('"sizes": […] 3 items') for line in looked(pilot)))
        app.view.action_compare()
        await until(pilot, lambda: "the one before" not in "\n".join(looked(pilot)))


async def test_when_there_is_no_message_it_says_what_to_do() -> None:
    """An empty view teaches, and a message that was forgotten is not silently another one."""
    app = Look([])
    async with app.run_test(size=(100, 20)) as pilot:
        await until(pilot, lambda: "space starts it" in "\n".join(looked(pilot)))
        assert app.view.copied() == ""
        assert app.view.saved() is None
        app.journal.extend([Event(NOON, "client-1", "send", (b"x",), "frontend")])
        await until(pilot, lambda: "broker has sent and received nothing yet" in "\n".join(looked(pilot)))
        app.journal.extend(JOBS)
        app.picked = 1
        await until(pilot, lambda: "message 1 of 2" in "\n".join(looked(pilot)))
        app.journal.clear()
        app.journal.extend(JOBS)
        await until(pilot, lambda: "This message was forgotten" in "\n".join(looked(pilot)))
        app.picked = None
        await until(pilot, lambda: "message 2 of 2" in "\n".join(looked(pilot)))


async def test_hostile_messages_scroll() -> None:
    """A thousand frames, one of 10 MiB among them, are shown from the first page to far down, at once and harmless."""
    big = b"\x1b]0;x\x07" + bytes(range(256)) * 40_960
    app = Look([reply(1, *[b"\x1b[2J"] * 500, big, *[b"[red]\xff"] * 499)])
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "1,000 frames, 10,4" in "\n".join(looked(pilot)))
        seen = set()
        for page in range(60):
            begun = time.perf_counter()
            app.view.page(1)
            app.draw()
            assert time.perf_counter() - begun < 0.1, page
            await pilot.pause()
            assert "\x1b" not in screen(pilot)
            seen |= set(screen(pilot).split())
        assert {"501", "10,490,760", "000000", "000100", "41"} <= seen
        for _ in range(60):
            app.view.page(-1)
        await until(pilot, lambda: "frame 1 of 1,000" in screen(pilot))


async def test_the_window_is_exported_whole_and_without_a_wait() -> None:
    """Full as the journal can be, saving takes the screen no time, and every event is a line that can be read back."""
    app = Look([Event(NOON + n / 1000, "broker", "send", (b"%d" % n, b"\xff"), "frontend") for n in range(100_000)])
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "100,000 of 100,000" in "\n".join(looked(pilot)))
        begun = time.perf_counter()
        saved = app.view.saved()
        assert time.perf_counter() - begun < 0.05
        assert saved is not None
        name, written = saved
        assert name == "broker.jsonl"
        lines = [json.loads(line) for line in written().splitlines()]
    assert (lines[0]["event"], lines[0]["schema"], lines[0]["pattern"]) == ("start", 1, "broker")
    assert len(lines) == 100_001
    last = {"t": 99.999, "role": "broker", "event": "send", "endpoint": "frontend"}
    assert lines[-1] == {**last, "frames": ["99999", {"base64": "/w=="}]}


async def test_real_messages_in_the_app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the app: m shows the newest message, arrows step, y copies it, ctrl+s saves the window."""
    monkeypatch.chdir(tmp_path)
    async with playing("reqrep", (120, 40), reqrep={"work": 0.02, "requests": 3}) as pilot:
        app = pilot.app
        assert isinstance(app, Playground)
        await press(pilot, "space", "m", "z")
        await until(pilot, lambda: "REP puts the envelope back on" in screen(pilot))
        await until(pilot, lambda: "18 of 18" in screen(pilot))
        await press(pilot, "home")
        await until(pilot, lambda: "REP keeps the envelope" in screen(pilot) and "Hello" in screen(pilot))
        assert "1 of 18" in screen(pilot)
        await press(pilot, "right", "right", "right")
        await until(pilot, lambda: "4 of 18" in screen(pilot))
        assert "the same as the one before" in screen(pilot)
        await press(pilot, "y")
        await until(pilot, lambda: app.clipboard == "World")
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: (tmp_path / "reqrep.jsonl").is_file() and "Saved as" in screen(pilot))
        lines = [json.loads(line) for line in (tmp_path / "reqrep.jsonl").read_text().splitlines()]
        messages = [line for line in lines if line["event"] in ("send", "recv")]
        assert len(messages) == 36
        assert 0 < messages[0]["t"] < 5

"""The app as its user has it: keys, mouse, tabs, and what is to be read on the screen."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key, Resize
from textual.geometry import Size
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select, Static

from tests.ui.support import playing, press, screen, still, until
from zmqtui.core.books.books import Books
from zmqtui.core.journal import Event
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.core.threads import life
from zmqtui.core.threads.life import Life
from zmqtui.core.watch import StageView
from zmqtui.ui.app import Playground
from zmqtui.ui.card import Card
from zmqtui.ui.cards import Cards
from zmqtui.ui.dialogs import Confirm
from zmqtui.ui.event_log import EventLog
from zmqtui.ui.field import Field
from zmqtui.ui.help import Help
from zmqtui.ui.pane import Pane
from zmqtui.ui.sentence import Sentence


def waits_for_ever(pilot: Pilot[None], instance: str) -> bool:
    """Tell whether an instance waits for a reply that cannot come."""
    view = pane(pilot).stage.view().instance(instance)
    return view is not None and view.orphaned


SIZES = [(80, 24), (120, 40), (200, 60)]
QUICK: dict[str, Any] = {
    "reqrep": {"work": 0.05},
    "pubsub": {"rate": 200, "span": 100, "filter": (b"1",)},
    "pipeline": {"cost_max": 5},
}


def pane(pilot: Pilot[None]) -> Pane:
    """Return the tab on view."""
    assert isinstance(pilot.app, Playground)
    return pilot.app.pane


def state(pilot: Pilot[None], instance: str) -> State:
    """Return an instance's state."""
    view = pane(pilot).stage.view().instance(instance)
    assert view is not None
    return view.state


def on_log(pilot: Pilot[None]) -> list[Event]:
    """Return the events in sight in the log."""
    index = pane(pilot).desk.index
    return [event for number in pane(pilot).query_one(EventLog).in_sight if (event := index.get(number))]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("pattern", ["reqrep", "pubsub", "pipeline"])
async def test_idle(pattern: str, size: tuple[int, int]) -> None:
    """You should see every role, its state, the controls, the keys, and how to start."""
    async with playing(pattern, size) as pilot:
        await until(pilot, lambda: "space starts it" in screen(pilot))
        text = screen(pilot)
        for role in pane(pilot).pattern.roles:
            assert role.name in text
        for word in ("not started", "Start", "Reset", "tcp", "On/off", "Kill", "Restart", "Pause", "Help"):
            await until(pilot, lambda word=word: word in screen(pilot), word)  # type: ignore[misc]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("pattern", ["reqrep", "pubsub", "pipeline"])
async def test_every_card_has_the_rows_it_needs(pattern: str, size: tuple[int, int]) -> None:
    """No row of a card is cut off or left over, at rest from the start."""
    async with playing(pattern, size) as pilot:
        await still(pilot)
        for card in pane(pilot).query(Card):
            body = card.query_one(Static)
            assert str(body.content).count("\n") + 1 == body.size.height


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_space_starts_and_stops(size: tuple[int, int]) -> None:
    """You should see requests and replies in the log and counts on the cards, and all stop at the second press."""
    async with playing("reqrep", size, **QUICK) as pilot:
        await press(pilot, "space")
        await until(pilot, lambda: "Every client has its replies" in screen(pilot))
        await until(pilot, lambda: "Received reply" in screen(pilot) and "30 of 30 replies" in screen(pilot))
        await press(pilot, "space")
        await until(pilot, lambda: not pane(pilot).stage.running)
        await until(pilot, lambda: "Stopped." in screen(pilot))


@pytest.mark.parametrize("meanwhile", [False, True], ids=["at rest", "while a look is taken"])
async def test_counts_that_come_after_the_stop_are_shown(monkeypatch: pytest.MonkeyPatch, meanwhile: bool) -> None:
    """What was under way is counted when everybody has stopped already, and the cards say it."""
    counting, last = threading.Event(), threading.Event()
    counting.set()
    last.set()
    harvest = Books._harvest

    def late(books: Books, ends: bool) -> None:
        if ends:
            last.wait()
        if ends or counting.is_set():
            harvest(books, ends)

    view = Stage.view

    def overtaken(stage: Stage) -> StageView:
        found = view(stage)
        if meanwhile and stage.books is mine and not stage.running:
            last.set()
            stage.books.closed.wait(5)
        return found

    mine: Books | None = None
    monkeypatch.setattr(Books, "_harvest", late)
    monkeypatch.setattr(Stage, "view", overtaken)
    async with playing("pubsub", **QUICK) as pilot:
        stage = pane(pilot).stage
        try:
            # After the first stop the app draws a little longer.
            await press(pilot, "space")
            await until(pilot, lambda: stage.running)
            await press(pilot, "space")
            await until(pilot, lambda: stage.settled)
            await still(pilot)
            last.clear()
            await press(pilot, "space")
            await until(pilot, lambda: stage.view().of("publisher")[0].sent.messages > 2)
            mine = stage.books
            counting.clear()
            before = stage.view().of("publisher")[0].sent.messages
            [publishes] = stage.books.ledgers
            await until(pilot, lambda: max(t.position() for t in stage.books._publishers(publishes)) > before + 20)
            await press(pilot, "space")
            await until(pilot, lambda: "▶ Start" in screen(pilot), "it is off")
            assert meanwhile or f"→ {before:,} " in await still(pilot)
        finally:
            last.set()
        await until(pilot, lambda: stage.settled)
        after = stage.view().of("publisher")[0].sent.messages
        assert after > before
        await until(pilot, lambda: f"→ {after:,} " in screen(pilot), "the last count")


async def test_start_button() -> None:
    """A click on Start does what space does, and the button then says Stop."""
    async with playing("reqrep", **QUICK) as pilot:
        await pilot.click("#pane-reqrep #start")
        await until(pilot, lambda: pane(pilot).stage.running)
        await until(pilot, lambda: "Stop" in str(pane(pilot).query_one("#start", Button).label))


async def test_tabs_by_key_and_mouse() -> None:
    """Every tab is one key or one click away, and runs on while another is on view."""
    async with playing("reqrep", reqrep={"requests": 0, "work": 0.01}) as pilot:
        await press(pilot, "space")
        await until(pilot, lambda: "Received reply" in screen(pilot))
        await press(pilot, "2")
        await until(pilot, lambda: "publisher" in screen(pilot))
        await press(pilot, "space")
        await until(pilot, lambda: "messages a second" in screen(pilot))
        await pilot.click("#tabs", offset=(60, 0))
        await until(pilot, lambda: "ventilator" in screen(pilot))
        app = pilot.app
        assert isinstance(app, Playground)
        before = app.stages[0].view().instances[0].sent.messages
        await until(pilot, lambda: app.stages[0].view().instances[0].sent.messages > before)


async def test_kill_mid_request_and_send_again() -> None:
    """A client whose request died with the server is said to wait for ever; sending again shows the real EFSM."""
    async with playing("reqrep", reqrep={"work": 5.0}) as pilot:
        await press(pilot, "space")
        await until(pilot, lambda: "the server works for" in screen(pilot))
        await press(pilot, "k")
        await until(pilot, lambda: "wait for ever" in screen(pilot))
        assert state(pilot, "server") is State.KILLED
        await press(pilot, "down")
        await until(pilot, lambda: pane(pilot).selected == "client-1")
        await press(pilot, "s")
        await until(pilot, lambda: "EFSM" in screen(pilot))
        assert state(pilot, "client-1") is State.RECEIVING
        await press(pilot, "r", "up", "r")
        await until(pilot, lambda: state(pilot, "client-1").alive and not waits_for_ever(pilot, "client-1"))


async def test_pause_and_resume() -> None:
    """A paused role says so, keeps its sockets, and goes on at the second press."""
    async with playing("reqrep", reqrep={"requests": 0, "work": 0.02}) as pilot:
        await press(pilot, "space")
        await until(pilot, lambda: state(pilot, "server").alive)
        await press(pilot, "p")
        await until(pilot, lambda: "The server is paused" in screen(pilot))
        await press(pilot, "p")
        await until(pilot, lambda: state(pilot, "server") is not State.PAUSED)


async def test_add_and_drop() -> None:
    """An instance is added to the role of the selected card, and can be taken off again."""
    async with playing("pubsub", **QUICK) as pilot:
        await press(pilot, "space", "down", "a")
        await until(pilot, lambda: "subscriber-4" in screen(pilot))
        await until(pilot, lambda: state(pilot, "subscriber-4").alive)
        await press(pilot, "down", "down", "down", "d")
        await until(pilot, lambda: not pane(pilot).query(".card-subscriber-4"))


async def test_added_and_dropped_within_a_frame() -> None:
    """Protects the app from quick fingers: who is added may have the name of a card that is still on its way out."""
    async with playing("reqrep") as pilot:
        for _ in range(3):
            pane(pilot).stage.add("client")
            pane(pilot).pump()
            pane(pilot).stage.remove("client-4")
            pane(pilot).pump()
        pane(pilot).stage.add("client")
        pane(pilot).pump()
        await until(pilot, lambda: [card.instance for card in pane(pilot).query(Card)][-2:] == ["client-3", "client-4"])
        assert "client-4" in screen(pilot)


async def test_several_are_dropped_one_after_another() -> None:
    """Protects whom the keys are for: after a worker is dropped it is the next worker, not the sink."""
    async with playing("pipeline", pipeline={"cost_max": 5}) as pilot:
        await press(pilot, "down", "down", "d")
        await until(pilot, lambda: pane(pilot).selected == "worker-3")
        await press(pilot, "d")
        await until(pilot, lambda: pane(pilot).selected == "worker-4")
        await press(pilot, "d")
        await until(pilot, lambda: pane(pilot).selected == "worker-1")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_filter_is_edited_live(size: tuple[int, int]) -> None:
    """A subscriber's filter is an input: Enter changes the running socket, the card and the counts follow."""
    async with playing("pubsub", size, pubsub={"filter": (b"none-such",), "span": 100}) as pilot:
        await press(pilot, "space", "down", "f")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        await press(pilot, "7", "enter")
        await until(pilot, lambda: pane(pilot).stage.view().instance("subscriber-1").knobs["filter"] == (b"7",))  # type: ignore[union-attr]
        view = pane(pilot).stage.view
        await until(pilot, lambda: view().instance("subscriber-1").received.messages > 10)  # type: ignore[union-attr]
        assert view().instance("subscriber-2").received.messages == 0  # type: ignore[union-attr]
        assert isinstance(pilot.app.focused, Sentence)


async def test_a_value_is_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects an edit from being undone: a frame showed the old value before the input heard that it was left."""
    async with playing("pubsub", pubsub={"filter": (b"none-such",)}) as pilot:
        given: list[object] = []
        monkeypatch.setattr(pane(pilot).stage, "set_knob", lambda name, value, who: given.append(value))
        await press(pilot, "down", "f")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        typed = pilot.app.focused
        assert isinstance(typed, Input)
        assert isinstance(typed.parent, Field)
        typed.value = "7"
        typed.parent._give(typed)
        pilot.app.screen.set_focus(pane(pilot).sentence)
        await until(pilot, lambda: given and not typed.has_focus)
        # The engine has not turned the knob yet, and then comes the news.
        typed.parent.show((b"none-such",))
        typed.parent.post_message(Input.Blurred(typed, "7"))
        await pilot.pause()
        assert given == [(b"7",)]


async def test_bad_filter_is_refused() -> None:
    r"""What is no filter is marked and explained, and the old one stays."""
    async with playing("pubsub", **QUICK) as pilot:
        await press(pilot, "down", "f", *r"\xzz", "enter")
        await until(pilot, lambda: "is no byte" in screen(pilot))
        assert pane(pilot).stage.view().instance("subscriber-1").knobs["filter"] == (b"1",)  # type: ignore[union-attr]
        assert pane(pilot).query_one(".card-subscriber-1 Input").has_class("-refused")


async def test_knobs_are_checked() -> None:
    """A value out of range is refused in words, one within it reaches the roles."""
    async with playing("reqrep", **QUICK) as pilot:
        field = next(each for each in pane(pilot).query(Field) if each.knob.name == "work").query_one(Input)
        field.focus()
        await press(pilot, "-", "1", "enter")
        await until(pilot, lambda: "work takes a number from 0" in screen(pilot))
        assert pane(pilot).stage.knobs["work"] == 0.05
        await press(pilot, "escape")
        await until(pilot, lambda: field.value == "0.05" and isinstance(pilot.app.focused, Sentence))
        field.focus()
        await press(pilot, *"0.25", "enter")
        await until(pilot, lambda: pane(pilot).stage.knobs["work"] == 0.25)


async def test_started_while_it_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects a press of Start, which the button says from the stop on, from being taken for another stop."""
    async with playing("reqrep", **QUICK) as pilot:
        tab = pane(pilot)
        await press(pilot, "space")
        await until(pilot, lambda: "Received reply" in screen(pilot))

        def end(lives: Sequence[Life], how: State) -> None:
            monkeypatch.setattr(life, "end", ended)
            ended(lives, how)
            assert not tab.stage.view().running
            pilot.app.call_from_thread(tab.action_on_off)

        ended = life.end
        monkeypatch.setattr(life, "end", end)
        await press(pilot, "space")
        await until(pilot, lambda: life.end is ended and tab.stage.view().running, "the second start")


async def test_count_is_a_field() -> None:
    """The number of clients is a field like any other."""
    async with playing("reqrep", **QUICK) as pilot:
        field = pane(pilot).query(Field).first().query_one(Input)
        field.focus()
        await press(pilot, "1", "2", "enter")
        await until(pilot, lambda: len(pane(pilot).query(Card)) == 13)
        field.focus()
        await press(pilot, "6", "5", "enter")
        await until(pilot, lambda: "from 1 to 64" in screen(pilot))


async def test_workers_ready() -> None:
    """You should see connected 4/4, press w, and then the batch with its cost, time, speed-up and shares."""
    async with playing("pipeline", **QUICK) as pilot:
        assert "connected 0/4" in screen(pilot)
        await press(pilot, "space")
        await until(pilot, lambda: "connected 4/4" in screen(pilot))
        await press(pilot, "w")
        await until(pilot, lambda: "100/100 results" in screen(pilot) and "efficiency" in screen(pilot))
        text = screen(pilot)
        for word in ("expected cost", "elapsed", "speed-up", ":.........:", "25 tasks"):
            assert word in text, word
        await press(pilot, "w")
        await until(pilot, lambda: "batch 2" in screen(pilot))


async def test_workers_ready_too_early() -> None:
    """Pressed before the start, the batch begins before all are connected, and the unequal shares are said."""
    async with playing("pipeline", **QUICK) as pilot:
        await press(pilot, "w")
        await until(pilot, lambda: "100/100 results" in screen(pilot))
        view = pane(pilot).stage.view()
        shares = [figure.value for figure in pane(pilot).stage.figures(view) if figure.name == "share"]
        assert sum(int(share or 0) for share in shares) == 100


async def test_killed_worker_takes_its_tasks_along() -> None:
    """You should read how many results there are, how many are lost, and with whom; x heals it."""
    async with playing("pipeline", pipeline={"cost_min": 60, "cost_max": 60}) as pilot:
        await press(pilot, "space")
        await until(pilot, lambda: "connected 4/4" in screen(pilot))
        await press(pilot, "down", "w")
        await until(pilot, lambda: "Results come in" in screen(pilot))
        await press(pilot, "k")
        await until(pilot, lambda: "lost with worker-1" in screen(pilot))
        await press(pilot, "space")
        await until(pilot, lambda: pane(pilot).stage.settled)
        assert "lost with worker-1" in await still(pilot)
        await press(pilot, "space")
        await until(pilot, lambda: "connected 4/4" in screen(pilot))
        await press(pilot, "w")
        await until(pilot, lambda: "Results come in" in screen(pilot))
        await press(pilot, "k")
        await until(pilot, lambda: "lost with worker-1" in screen(pilot))
        await press(pilot, "x")
        await until(pilot, lambda: "0/100 results" in screen(pilot) and "connected 4/4" in screen(pilot))
        await press(pilot, "w")
        await until(pilot, lambda: "batch 1" in screen(pilot) and "lost with" not in screen(pilot))


async def test_escape_gives_nothing() -> None:
    """Protects a running socket from a half-typed value: Escape leaves all as it was, going elsewhere does not."""
    async with playing("pubsub", **QUICK) as pilot:
        await press(pilot, "down", "f")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        field = pilot.app.focused
        assert isinstance(field, Input)
        await press(pilot, "7", "escape")
        await until(pilot, lambda: isinstance(pilot.app.focused, Sentence) and field.value == "1")
        assert pane(pilot).stage.view().instance("subscriber-1").knobs["filter"] == (b"1",)  # type: ignore[union-attr]
        await press(pilot, "f")
        await until(pilot, lambda: pilot.app.focused is field)
        await press(pilot, "7", "tab")
        await until(pilot, lambda: pane(pilot).stage.view().instance("subscriber-1").knobs["filter"] == (b"7",))  # type: ignore[union-attr]


async def test_transport_asks_before_it_restarts() -> None:
    """Switching while it runs asks; Cancel leaves everything, Restart restarts on the new transport."""
    async with playing("reqrep", reqrep={"requests": 0, "work": 0.02}) as pilot:
        await press(pilot, "t")
        await until(pilot, lambda: pane(pilot).stage.transport == "inproc")
        await press(pilot, "space")
        await until(pilot, lambda: pane(pilot).stage.running)
        await press(pilot, "t")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await press(pilot, "escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, Confirm))
        assert pane(pilot).stage.transport == "inproc"
        await press(pilot, "t")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await press(pilot, "enter")
        await until(pilot, lambda: pane(pilot).stage.transport == "ipc" and pane(pilot).stage.running)
        await until(pilot, lambda: pane(pilot).query_one(Select).value == "ipc")
        await until(pilot, lambda: pane(pilot).stage.view().instances[0].received.messages > 3)


async def test_port_in_use_and_a_free_one() -> None:
    """The role says whose fault it is, everything else goes on, and o heals it."""
    async with playing("reqrep", **QUICK) as pilot:
        port = int(pane(pilot).stage.addresses["requests"].rpartition(":")[2])
        with socket.create_server(("127.0.0.1", port)):
            await press(pilot, "space")
            await until(
                pilot, lambda: f"port {port} is in use by another program. o runs on a free port" in screen(pilot)
            )
            assert state(pilot, "client-1").alive
            await press(pilot, "o")
            await until(pilot, lambda: "Every client has its replies" in screen(pilot))


async def test_logs_follow_hold_and_switch() -> None:
    """A log follows its end, stays where it is scrolled to, and l shows everybody's or the selected one's."""
    async with playing("reqrep", reqrep={"requests": 0, "work": 0}) as pilot:
        await press(pilot, "space")
        log = pane(pilot).query_one(EventLog)
        await until(pilot, lambda: log.max_scroll_y > 100 and log.scroll_offset.y == log.max_scroll_y)
        await press(pilot, "pageup")
        await until(pilot, lambda: log.scroll_offset.y < log.max_scroll_y)
        end, sight = log.max_scroll_y, log.in_sight
        await until(pilot, lambda: log.max_scroll_y > end)
        assert log.in_sight == sight
        log.scroll_to(y=log.max_scroll_y, animate=False)
        end = log.max_scroll_y
        await until(pilot, lambda: log.scroll_offset.y == log.max_scroll_y > end)
        await until(pilot, lambda: len({event.instance for event in on_log(pilot)}) > 1)
        await press(pilot, "l")
        await until(pilot, lambda: {event.instance for event in on_log(pilot)} == {"server"})
        await press(pilot, "l")
        await until(pilot, lambda: len({event.instance for event in on_log(pilot)}) > 1)


@pytest.mark.parametrize("opening", ["/", "g/", "cm/"])
async def test_keys_typed_at_once_go_to_the_input(opening: str) -> None:
    """What is typed or pasted right after the key that opens an input is not taken for the keys of the roles."""
    async with playing("reqrep", reqrep={"requests": 0, "work": 0.01}) as pilot:
        await press(pilot, "space")
        await until(pilot, lambda: state(pilot, "server").alive)
        await press(pilot, *opening[:-1])
        for character in "/kdx1":
            pilot.app.post_message(Key(_character_to_key(character), character))
        await until(pilot, lambda: isinstance(pilot.app.focused, Input) and pilot.app.focused.value == "kdx1")
        assert all(each.alive for each in pane(pilot).stage.view().instances)
        assert pane(pilot).pattern.name == "reqrep"


async def test_the_palette_has_no_maximize() -> None:
    """Textual's own way to enlarge a widget would leave nothing but one line: the palette does not offer it."""
    async with playing("reqrep") as pilot:
        await press(pilot, "ctrl+p", *"maximize")
        await until(pilot, lambda: "No matches found" in screen(pilot) or "current view all the room" in screen(pilot))
        assert "Maximize" not in screen(pilot)


async def test_a_click_on_a_key_leaves_the_input_that_is_open() -> None:
    """A tab or a view that is clicked while something is being typed is shown, and nothing is typed into the input."""
    async with playing("reqrep") as pilot:
        await press(pilot, "/")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        prompt = pilot.app.focused
        assert isinstance(prompt, Input)
        await pilot.click("#tabs", offset=(60, 0))
        await until(pilot, lambda: pane(pilot).pattern.name == "pipeline")
        assert prompt.value == ""


async def test_a_view_fits_into_the_smallest_terminal() -> None:
    """At 40×12 there is still a row or more of the current view, beside the selected card and the sentence."""
    async with playing("pipeline", (40, 12)) as pilot:
        await press(pilot, "space", "c")
        await until(pilot, lambda: "receiver.rec" in screen(pilot))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_help(size: tuple[int, int]) -> None:
    """The help panel explains the tab, its keys, knobs and signs, scrolls by keyboard, and escape closes it."""
    async with playing("pubsub", size) as pilot:
        await press(pilot, "question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, Help))
        await until(pilot, lambda: "Keys" in screen(pilot) and "Add an instance" in screen(pilot))
        await press(pilot, "end")
        await until(pilot, lambda: "what the playground did, not ZeroMQ" in screen(pilot))
        await press(pilot, "escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, Help))


async def test_palette() -> None:
    """The palette offers what the tab can do, by name."""
    async with playing("pubsub") as pilot:
        await press(pilot, "ctrl+p")
        await until(pilot, lambda: "Start all patterns" in screen(pilot))
        await press(pilot, "escape", "down")
        await until(pilot, lambda: pane(pilot).selected == "subscriber-1")
        await press(pilot, "ctrl+p", *"start or stop")
        await until(pilot, lambda: "Show Request" not in screen(pilot))
        assert screen(pilot).count("Start or stop every role") == 1
        await press(pilot, "escape")
        await press(pilot, "ctrl+p", *"start all")
        await until(pilot, lambda: "Show Request" not in screen(pilot))
        await press(pilot, "enter")
        app = pilot.app
        assert isinstance(app, Playground)
        await until(pilot, lambda: all(stage.running for stage in app.stages))


async def test_the_selected_card_is_in_sight() -> None:
    """Protects the selection in a crowd: wherever it goes, down and back, its card is scrolled to."""
    async with playing("pubsub", size=(80, 24)) as pilot:
        cards = pilot.app.query_one(Cards)
        pane(pilot).stage.set_count("subscriber", 12)
        await until(pilot, lambda: len(cards.names) == 13)
        for key in ["down"] * 12 + ["up"] * 12:
            before = pane(pilot).selected
            await press(pilot, key)
            await until(pilot, lambda before=before: pane(pilot).selected != before)  # type: ignore[misc]
            card = cards.card(pane(pilot).selected)
            assert card
            await until(pilot, lambda card=card: cards.region.contains_region(card.region))  # type: ignore[misc]


async def test_a_screenshot_is_saved_where_the_app_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects those without a folder for downloads, for whom it failed."""
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.chdir(tmp_path)
    async with playing("reqrep") as pilot:
        pilot.app.deliver_screenshot()
        await until(pilot, lambda: any("</svg>" in path.read_text() for path in tmp_path.glob("zmqtui*.svg")))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_e_edits_the_knobs(size: tuple[int, int]) -> None:
    """You should be able to type into the first knob at once, wherever the knobs stand."""
    async with playing("reqrep", size) as pilot:
        await press(pilot, "e")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        await press(pilot, "5", "enter")
        await until(pilot, lambda: len(pane(pilot).query(Card)) == 6)
        assert isinstance(pilot.app.focused, Sentence)


async def test_too_small_and_back() -> None:
    """The keys work again when there is room again."""
    async with playing("reqrep", **QUICK) as pilot:
        await pilot.resize_terminal(30, 8)
        await until(pilot, lambda: "Make the terminal larger" in screen(pilot))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "Reset" in screen(pilot) and "Kill" in screen(pilot))
        await press(pilot, "space")
        await until(pilot, lambda: pane(pilot).stage.running)


async def test_the_first_key_after_it_was_too_small() -> None:
    """Protects a key that comes before the picture of the new size, and one right after a value was being entered."""
    async with playing("reqrep", **QUICK) as pilot:
        stage = pane(pilot).stage
        for keys in ([], ["e"]):
            await press(pilot, *keys)
            await until(pilot, lambda keys=keys: isinstance(pilot.app.focused, Input) == bool(keys))  # type: ignore[misc]
            await pilot.resize_terminal(30, 8)
            await until(pilot, lambda: not pane(pilot).sentence.is_on_screen and not pane(pilot).editing)
            seen = pilot.app.size
            pilot.app.post_message(Resize(Size(80, 24), Size(80, 24)))
            pilot.app.post_message(Key("space", " "))
            await until(pilot, lambda: stage.running)
            assert seen == Size(30, 8)
            stage.stop()
            await until(pilot, lambda: pane(pilot).sentence.is_on_screen)


async def test_no_keys_where_nothing_is_seen() -> None:
    """Protects the roles from keys whose effect nobody would see, but for the one that ends the app."""
    async with playing("reqrep", **QUICK) as pilot:
        sentence, stage = pane(pilot).sentence, pane(pilot).stage
        before = len(stage.view().instances)
        for width in (30, 20, 25):
            await pilot.resize_terminal(width, 8)
            await until(pilot, lambda width=width: pilot.app.screen.size.width == width)  # type: ignore[misc]
            await still(pilot)
        assert not sentence.is_on_screen
        await press(pilot, "a", "e", "question_mark")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "Kill" in screen(pilot))
        await press(pilot, "space")
        await until(pilot, lambda: stage.running)
        assert len(stage.view().instances) == before
        await pilot.resize_terminal(30, 8)
        await until(pilot, lambda: not sentence.is_on_screen)
        await press(pilot, "ctrl+q")
        await until(pilot, lambda: pilot.app._exit)


async def test_the_line_of_keys_follows_the_width() -> None:
    """Protects the keys that were left out for want of room: they are there again without another key being pressed."""
    async with playing("reqrep") as pilot:
        wide = await still(pilot)
        assert "Palette" in wide
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "Edit" in screen(pilot) and "Palette" not in screen(pilot))
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: screen(pilot).splitlines()[-1] == wide.splitlines()[-1])


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=str)
async def test_a_sentence_that_is_too_long_says_so(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects from half a sentence that reads like a whole one; where there are two lines, both are used."""
    async with playing("reqrep", size, **QUICK) as pilot:
        stage = pane(pilot).stage
        await press(pilot, "space")
        await until(pilot, lambda: stage.running)
        monkeypatch.setattr(stage, "sentence", lambda view: "Said: " + "word " * 25 + "last " + "and " * 30)
        await until(pilot, lambda: "Said: word" in screen(pilot))
        assert ("last" in screen(pilot)) == (size[0] < 100)
        assert "…" in screen(pilot).splitlines()[-2] or size[0] < 100


async def test_every_size_down_to_nothing() -> None:
    """No size breaks it: too small says so, and all is there again when there is room."""
    async with playing("pubsub", **QUICK) as pilot:
        await press(pilot, "space")
        for width, height in itertools.chain([(80, 24), (60, 14), (39, 30), (1, 1), (20, 5), (120, 40)]):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
        await until(pilot, lambda: "publisher" in screen(pilot))


async def test_64_clients() -> None:
    """Sixty-four clients have a card each and are all served."""
    async with playing("reqrep", reqrep={"work": 0, "requests": 2}) as pilot:
        pane(pilot).do(pane(pilot).stage.set_count, "client", 64)
        await until(pilot, lambda: len(pane(pilot).query(Card)) == 65)
        await press(pilot, "space")
        await until(pilot, lambda: "128 of 128 replies" in screen(pilot))


async def test_hostile_payload_is_harmless() -> None:
    """Escapes and markup in a payload are shown as what they are."""
    evil = b"\x1b]52;c;aGk=\x07[/red][@click=app.quit]x\xff\xe2\x80\xae"
    async with playing("reqrep", reqrep={"request": evil, "reply": evil, "work": 0.01}) as pilot:
        await press(pilot, "space")
        await until(pilot, lambda: "␛]52;c;aGk=␇[/red][@click" in screen(pilot))
        assert "\x1b" not in screen(pilot)


async def test_the_log_of_the_selected_one_follows_the_selection() -> None:
    """Shown for the selected instance only, the log is that of the next one as soon as that is selected."""
    async with playing("reqrep", **QUICK) as pilot:
        await press(pilot, "space")
        await until(pilot, lambda: "Received request" in screen(pilot))
        await press(pilot, "l")
        await until(pilot, lambda: {event.instance for event in on_log(pilot)} == {"server"})
        await press(pilot, "down")
        await until(pilot, lambda: {event.instance for event in on_log(pilot)} == {"client-1"})
        assert "Log  client-1" in screen(pilot)


async def test_the_palette_offers_the_patterns_own() -> None:
    """You should find a pattern's action by its name when it can be done, and nothing breaks."""
    async with playing("reqrep") as pilot:
        await press(pilot, "down", "ctrl+p", *"send again")
        await until(pilot, lambda: "send again anyway (s)" in screen(pilot))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_tab_has_its_name_on_the_strip(size: tuple[int, int]) -> None:
    """You should see all tabs, whichever is on view and however narrow the terminal."""
    async with playing("pipeline", size) as pilot:
        names = ("1 Req–rep", "2 Pub–sub", "3 Pipeline")
        if size[0] >= 100:
            names = ("1 Request–reply", "2 Publish–subscribe", "3 Pipeline")
        # The first frame is drawn before the width is known.
        await until(pilot, lambda: all(name in screen(pilot).split("\n")[0] for name in names))


async def test_the_commands_by_mouse() -> None:
    """A click on the name in the corner opens the palette, where the line of keys is too short for it."""
    async with playing("reqrep", (80, 24)) as pilot:
        await pilot.click("#tabs", offset=(3, 0))
        await until(pilot, lambda: "Search for commands" in screen(pilot))


async def test_a_key_by_mouse() -> None:
    """A click on a key in the line of keys presses it."""
    async with playing("reqrep", **QUICK) as pilot:
        await pilot.click("KeyBar", offset=(4, 0))
        await until(pilot, lambda: pane(pilot).stage.running)


async def test_a_card_by_mouse() -> None:
    """A click on a card picks it for the keys."""
    async with playing("reqrep") as pilot:
        await until(pilot, lambda: pane(pilot).query_one(".card-client-2").region.height == 2)
        await pilot.click(".card-client-2", offset=(4, 0))
        await until(pilot, lambda: pane(pilot).selected == "client-2")


async def test_keys_after_the_one_that_ends_the_app() -> None:
    """Protects leaving: what was typed in haste after ^q opens nothing in an app that is being taken down."""
    async with playing("reqrep") as pilot:
        app = pilot.app
        assert isinstance(app, Playground)
        app.exit()
        for key in ("3", "x", "space"):
            await app.on_event(Key(key, key))
        assert app.shown == "reqrep"
        assert not app.pane.stage.running


async def test_a_question_offers_to_go_on() -> None:
    """The answer that goes on has the focus as soon as the question can be seen."""
    async with playing("reqrep") as pilot:
        pilot.app.push_screen(Confirm("Well?", "Go on"))
        await until(pilot, lambda: isinstance(pilot.app.focused, Button) and pilot.app.focused.id == "yes")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_why_it_was_stopped_is_read_to_its_end(size: tuple[int, int]) -> None:
    """Protects the cause and the remedy: what goes wrong gets all the lines that its sentence takes."""
    why = (
        "stopped by its memory guard: 127.0.0.1:54321 sent 312 MiB of endless messages, or more than were taken,"
        " to requests; 530 MiB more, limit 512 (--limit memory=N allows more)"
    )
    async with playing(size=size) as pilot:
        await press(pilot, "space")
        stage = pane(pilot).stage
        await until(pilot, lambda: stage.running and "Ready" not in screen(pilot))
        stage.halt(why)
        await until(pilot, lambda: "space starts it anew." in screen(pilot))
        folded = " ".join(screen(pilot).split())
        assert f"S{why[1:]}. space starts it anew." in folded
        await press(pilot, "space")
        await until(pilot, lambda: "memory guard" not in screen(pilot).rpartition("◆")[2])
        await until(pilot, lambda: pane(pilot).sentence.size.height == (2 if size[0] < 100 else 1))

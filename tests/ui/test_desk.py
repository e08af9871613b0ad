"""The desk: views by key and by mouse, how many, which one is current, one picked moment and one hold for all."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static

from tests.ui.support import playing, press, screen, still, until
from zmqtui.core.journal import Event, Journal
from zmqtui.ui.app import Playground
from zmqtui.ui.desk import Desk
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.files import save
from zmqtui.ui.place import Place
from zmqtui.ui.view import Scene, View
from zmqtui.ui.views import VIEWS


def desk(pilot: Pilot[None]) -> Desk:
    """Return the desk of the tab on view."""
    assert isinstance(pilot.app, Playground)
    return pilot.app.pane.desk


async def send(pilot: Pilot[None], *who: str) -> None:
    """Have messages be sent, one by each of `who` in turn, and wait until the desk knows of them."""
    assert isinstance(pilot.app, Playground)
    journal = pilot.app.pane.stage.journal
    journal.extend(Event(float(at), name, "send", (b"x",), "requests") for at, name in enumerate(who))
    await until(pilot, lambda: desk(pilot).index.bounds[1] == len(who))


def on_view(pilot: Pilot[None]) -> list[str]:
    """Return the names of the views that can be seen, from left to right."""
    places = [place for place in desk(pilot).query(Place) if place.display and place.region]
    return [place.view.NAME for place in sorted(places, key=lambda place: place.region.x)]


def test_every_view_has_a_key_of_its_own() -> None:
    """A new view cannot take a key that another view, the tab or the desk has."""
    keys = [view.KEY for view in VIEWS]
    assert len(set(keys)) == len(keys)
    for view in VIEWS:
        assert view.KEY in view.TITLE.lower()
        own = {key.key for key in view.KEYS}
        assert not own & set(keys)


@pytest.mark.parametrize(("size", "room"), [((80, 24), 1), ((120, 40), 2), ((200, 60), 3)], ids=str)
async def test_as_many_views_as_there_is_room_for(size: tuple[int, int], room: int) -> None:
    """Each view is one key; at 80 columns you see one, at 120 two, at 200 three: those asked for last."""
    async with playing("pipeline", size) as pilot:
        for view in VIEWS:
            await press(pilot, view.KEY)
            # What is on the desk already comes without a new layout.
            await until(pilot, lambda view=view: desk(pilot).current.NAME == view.NAME)  # type: ignore[misc]
        await until(pilot, lambda: set(on_view(pilot)) == {view.NAME for view in VIEWS[-room:]})


async def test_a_view_opened_at_rest_is_drawn() -> None:
    """Before the start nothing moves, and still a view shows at once what it has to say."""
    async with playing("reqrep") as pilot:
        await until(pilot, lambda: "Ready: space" in screen(pilot))
        await press(pilot, "c")
        await until(pilot, lambda: "def server" in screen(pilot))
        await press(pilot, "m")
        await until(pilot, lambda: "No messages" in screen(pilot) or "no message" in screen(pilot).lower())


async def test_views_by_mouse() -> None:
    """A click on a view's name is as good as its key."""
    async with playing("reqrep") as pilot:
        names = pilot.app.query_one("#pane-reqrep #names")

        def line() -> list[str]:
            return screen(pilot).splitlines()

        await until(pilot, lambda: "started" in screen(pilot) and "Charts" in line()[names.region.y])
        # What is above may still find its height.
        while not await pilot.click(names, offset=(line()[names.region.y].index("Charts") + 1, 0)):
            await until(pilot, lambda: "Charts" in line()[names.region.y])
        await until(pilot, lambda: "charts" in on_view(pilot))


async def test_layout_is_remembered_for_each_tab() -> None:
    """What was put on the desk of one tab is there when you come back, and the other tabs have their own."""
    async with playing("reqrep") as pilot:
        await press(pilot, "c", "m")
        await until(pilot, lambda: on_view(pilot) == ["code", "messages"])
        await press(pilot, "2")
        await until(pilot, lambda: on_view(pilot) == ["topology", "log"])
        await press(pilot, "1")
        await until(pilot, lambda: on_view(pilot) == ["code", "messages"])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_a_view_can_have_all_the_room(size: tuple[int, int]) -> None:
    """Key z gives the current view the whole tab, tabs and sentence aside; z or escape shares it again."""
    async with playing("pipeline", size) as pilot:
        await until(pilot, lambda: "log" in on_view(pilot))
        await still(pilot)
        before = desk(pilot).current.size
        await press(pilot, "z")
        await until(pilot, lambda: desk(pilot).current.size.height >= size[1] - 6)
        assert desk(pilot).current.size.width >= size[0] - 1
        assert on_view(pilot) == ["log"]
        await press(pilot, "escape")
        await until(pilot, lambda: desk(pilot).current.size == before)


async def test_the_next_view_by_tab() -> None:
    """The tab key moves on among the views that can be seen and leaves them where they are."""
    async with playing("reqrep") as pilot:
        await until(pilot, lambda: on_view(pilot) == ["topology", "log"])
        await press(pilot, "tab")
        await until(pilot, lambda: desk(pilot).current.NAME == "topology")
        await press(pilot, "tab")
        await until(pilot, lambda: desk(pilot).current.NAME == "log")
        assert on_view(pilot) == ["topology", "log"]


async def test_hold_says_what_passed() -> None:
    """While the views are held the sockets run on, the log stands still and says how much has passed."""
    async with playing("reqrep", reqrep={"requests": 0, "work": 0.01}) as pilot:
        await press(pilot, "space")
        await until(pilot, lambda: "Received reply" in screen(pilot))
        await press(pilot, "v")
        await until(pilot, lambda: "held" in screen(pilot))
        index = desk(pilot).index
        lines = len(index.of(""))
        await until(pilot, lambda: index.passed > 100)
        assert len(index.of("")) == lines
        await press(pilot, "v")
        await until(pilot, lambda: len(index.of("")) > lines)
        await until(pilot, lambda: "held" not in screen(pilot))


async def test_reset_forgets_what_is_held() -> None:
    """Who resets sees the new beginning, and not for ever what the views held of the old one."""
    async with playing("reqrep", reqrep={"requests": 0, "work": 0.01}) as pilot:
        await press(pilot, "space")
        await until(pilot, lambda: "Received reply" in screen(pilot))
        await press(pilot, "v")
        await until(pilot, lambda: "held" in screen(pilot))
        old = desk(pilot).index.bounds[1]
        await press(pilot, "x")
        await until(pilot, lambda: "held" not in screen(pilot))
        await until(pilot, lambda: desk(pilot).index.bounds[0] >= old)


async def test_saving_never_overwrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is there already stays as it is: the new one gets a number."""
    monkeypatch.chdir(tmp_path)
    assert [save("a.txt", text).name for text in ("1", "2", "3")] == ["a.txt", "a-2.txt", "a-3.txt"]
    assert (tmp_path / "a.txt").read_text() == "1"


def message(number: int, instance: str) -> Event:
    """Return a scripted message."""
    return Event(number / 10, instance, "send", (b"%d" % number,), "line")


def test_steps_go_from_message_to_message() -> None:
    """Stepping visits each message of an instance once, stops at the oldest, and past the newest follows again."""
    journal = Journal()
    journal.extend([message(number, "ab"[number % 2]) for number in range(10)])
    journal.extend([Event(2, "a", "say", text="no message")])
    index = EventIndex(journal)
    index.pull()
    number, seen = index.step("a", None, -1), []
    while number not in seen:
        assert number is not None
        seen.append(number)
        number = index.step("a", number, -1)
    assert seen == [8, 6, 4, 2, 0]
    assert index.step("a", 4, 1) == 6
    assert index.step("a", 8, 1) is None
    assert index.step("a", 5, -1) == 4, "from another's message to the one before it"
    assert index.step("nobody", None, -1) is None


def test_a_held_index_keeps_what_the_journal_forgets() -> None:
    """Holding keeps every event that was there, however much comes after, and letting go catches up."""
    journal = Journal(limit=100)
    journal.extend([message(number, "a") for number in range(100)])
    index = EventIndex(journal)
    index.pull()
    index.hold(True)
    journal.extend([message(number, "a") for number in range(100, 1000)])
    index.pull()
    assert index.passed == 900
    assert index.bounds == (0, 100)
    assert [index.get(number) for number in index.of("a")] == [message(number, "a") for number in range(100)]
    assert index.read(95, 100) == ([message(number, "a") for number in range(95, 100)], 100)
    index.hold(False)
    index.pull()
    assert index.of("a") == list(range(*journal.bounds))
    assert index.gone("a") == 100


async def test_the_current_view_is_marked_among_the_names() -> None:
    """What changes in style only is drawn too: the name of the current view is the bold one."""
    async with playing("reqrep") as pilot:
        names = desk(pilot).query_one("#names", Static)

        def bold() -> str:
            content = names.content
            assert isinstance(content, Content)
            return next((str(content)[span.start : span.end] for span in content.spans if span.style == "bold"), "")

        for key, title in (("l", "Log"), ("m", "Messages"), ("tab", "Log")):
            await press(pilot, key)
            await until(pilot, lambda title=title: bold() == title)  # type: ignore[misc]


@pytest.mark.parametrize("view", ["", "u", "i"], ids=["log", "sequence", "connections"])
async def test_end_follows_again_however_it_was_scrolled(view: str) -> None:
    """After paging back with nothing picked, the end key shows the newest again."""
    async with playing("reqrep", (120, 40), reqrep={"work": 0.02, "requests": 0}) as pilot:
        await press(pilot, "space", *view)
        stage = desk(pilot).app.pane.stage  # type: ignore[attr-defined]
        await until(pilot, lambda: stage.view().instances[0].received.messages > 50)
        # So much happens to the connections too that it does not fit.
        for _ in range(4):
            await until(pilot, lambda: stage.view().peers["requests"] == 3)
            await press(pilot, "k")
            await until(pilot, lambda: not stage.view().instances[0].alive)
            await press(pilot, "r")
            await until(pilot, lambda: stage.view().instances[0].alive)
        await press(pilot, "space")
        await until(pilot, lambda: "Stopped." in screen(pilot))

        end = await still(pilot)
        await press(pilot, "pageup")
        await until(pilot, lambda: screen(pilot) != end)
        await press(pilot, "end")
        await until(pilot, lambda: screen(pilot) == end)


async def test_a_line_of_another_instance_stays_picked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame between a pick in a view and the tab's hearing whose line it is does not move the pick to another one."""
    async with playing("reqrep") as pilot:
        await until(pilot, lambda: "Ready: space" in screen(pilot))
        assert isinstance(pilot.app, Playground)
        pane = pilot.app.pane
        await send(pilot, "server", "client-1", "server", "server", "client-1")
        assert pane.selected == "server"
        picks: list[int | None] = []
        view = desk(pilot).current
        draw = view.show

        def show(scene: Scene) -> None:
            picks.append(scene.picked)
            draw(scene)

        monkeypatch.setattr(view, "show", show)
        desk(pilot)._picked(View.Picked(4))
        # A frame before the tab hears of it, and one after.
        pane.pump()
        await until(pilot, lambda: pane.selected == "client-1")
        pane.pump()
        await until(pilot, lambda: picks and picks[-1] is not None)
        assert {pick for pick in picks if pick is not None} == {4}


async def test_a_pick_outlasts_whoever_has_no_such_moment() -> None:
    """Protects what was picked from a walk over the cards: back at its own instance it is the picked one again."""
    async with playing("reqrep") as pilot:
        await until(pilot, lambda: "Ready: space" in screen(pilot))
        assert isinstance(pilot.app, Playground)
        pane = pilot.app.pane
        await send(pilot, "client-1", "server", "client-1", "client-2", "client-1")
        desk(pilot)._picked(View.Picked(2))
        await until(pilot, lambda: pane.selected == "client-1")
        for name, moment in (("server", 1), ("client-3", None), ("client-2", 3), ("client-1", 2)):
            pane.selected = name
            assert desk(pilot)._moment == moment, name


async def test_arrows_after_the_selected_one_has_gone() -> None:
    """Protects the app from an arrow in the moment in which the selected instance leaves the stage."""
    async with playing("reqrep") as pilot:
        assert isinstance(pilot.app, Playground)
        pane = pilot.app.pane
        pane.set_reactive(type(pane).selected, "client-4")
        pane.action_select(1)
        assert pane.selected in ("server", "client-1", "client-2", "client-3")

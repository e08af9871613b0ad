"""A log as it stands, scrolls, wraps and grows, from scripted events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import Screen

from tests.ui.hostile import PAYLOADS
from tests.ui.support import screen, until
from zmqtui.core.journal import Event, Journal
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.event_line import LONGEST, rows, text_of
from zmqtui.ui.event_log import EventLog
from zmqtui.ui.event_strips import Look
from zmqtui.ui.search import parse
from zmqtui.ui.themes import meanings

WRAPPED = Look(wrapped=True)


class Window(App[None]):
    """Shows a log alone."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.journal = Journal(limit)
        self.index = EventIndex(self.journal)
        self.log_view = EventLog(self.index)
        self.clicked: list[int] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every meaning its colour."""
        return meanings(dark=True)

    def compose(self) -> ComposeResult:
        """Lay out the log."""
        yield self.log_view

    def on_event_log_clicked(self, event: EventLog.Clicked) -> None:
        """Take note of a click."""
        self.clicked.append(event.number)

    def add(self, *texts: str) -> None:
        """Have events happen."""
        first = self.journal.bounds[1]
        self.journal.extend(Event(place, "server", "say", text=text) for place, text in enumerate(texts, first))
        self.index.pull()

    def show(self, look: Look | None = None, picked: int | None = None, first: int = 0) -> None:
        """Draw a frame."""
        self.log_view.show(self.index, self.index.of(""), look, first=first, picked=picked)


@asynccontextmanager
async def window(limit: int = 100_000) -> AsyncIterator[tuple[Pilot[None], Window]]:
    """Run an app that is a log of 80×10."""
    app = Window(limit)
    async with app.run_test(size=(80, 10)) as pilot:
        await until(pilot, lambda: app.log_view.size.height == 10)
        yield pilot, app


def text(place: int) -> str:
    """Return a text of one to seven rows that says where it begins and ends."""
    return f"<{place} {'word ' * (place * 7 % 60)}{place}>"


async def test_wrapped_every_line_is_reached_and_the_end_is_whole() -> None:
    """Scrolled event by event, every row of every line comes in sight, and at the end the last row is at the bottom."""
    async with window() as (pilot, app):
        log = app.log_view
        app.add(*map(text, range(50)))
        app.show(WRAPPED)
        await until(pilot, lambda: log.show_vertical_scrollbar and "49>" in screen(pilot).splitlines()[-1])
        seen: set[str] = set()
        for place in range(log.max_scroll_y + 1):
            log.scroll_to(y=place, animate=False)
            if place < log.max_scroll_y:
                assert log.in_sight[0] == place
            await until(pilot, lambda: f"<{log.in_sight[-1]} " in screen(pilot))
            seen |= {row[20:].strip() for row in screen(pilot).splitlines()}
        for place in range(50):
            assert any(f"<{place} " in row for row in seen)
            assert any(row.rstrip(" ▁▂▃▄▅▆▇█").endswith(f"{place}>") for row in seen), place
        # On from there it follows the end again.
        app.add("the newest")
        app.show(WRAPPED)
        await until(pilot, lambda: "the newest" in screen(pilot).splitlines()[-1])


async def test_it_stays_where_it_is_while_all_else_moves() -> None:
    """Lines that come and lines that are forgotten do not move what is being read; wrapping keeps the first of it."""
    async with window(limit=1000) as (pilot, app):
        log = app.log_view
        app.add(*map(text, range(1000)))
        app.show()
        await until(pilot, lambda: log.show_vertical_scrollbar and "<999 " in screen(pilot))
        log.scroll_to(y=600, animate=False)
        for _ in range(10):
            app.add(*map(text, range(50)))
            app.show()
            assert log.in_sight == list(range(600, 610))
        assert app.journal.bounds[0] > 100
        app.show(WRAPPED)
        assert log.in_sight[0] == 600
        app.show()
        assert log.in_sight == list(range(600, 610))
        app.add(*map(text, range(2000)))
        app.show()
        assert log.in_sight[0] == app.journal.bounds[0], "what was in sight is forgotten: the oldest there is"
        log.follow()
        assert log.in_sight[-1] == app.journal.bounds[1] - 1


@pytest.mark.parametrize(
    "look",
    [Look(), WRAPPED, Look(query=parse("word")), Look(wrapped=True, times="line")],
    ids=["cut", "wrapped", "searched", "times"],
)
async def test_what_is_marked_is_in_sight(look: Look) -> None:
    """Whichever line is picked, all of it is in sight and marked, and a click on any of its rows picks it again."""
    async with window() as (pilot, app):
        app.add(*map(text, range(80)))
        app.show(look)
        await until(pilot, lambda: app.log_view.show_vertical_scrollbar)
        for picked in (40, 41, 45, 0, 79, 78, 33):
            app.show(look, picked)
            await until(pilot, lambda picked=picked: "▌" in screen(pilot) and f"<{picked} " in screen(pilot))  # type: ignore[misc]
            lines = screen(pilot).splitlines()
            mine = [y for y, line in enumerate(lines) if line.startswith("▌")]
            assert f"<{picked} " in lines[mine[0]]
            assert mine == list(range(mine[0], mine[-1] + 1))
            assert not look.wrapped or f"{picked}>" in lines[mine[-1]]
            app.add(text(1))
            app.show(look, picked)
            app.clicked.clear()
            for y in mine:
                await pilot.click(EventLog, offset=(30, y))
            await until(pilot, lambda mine=mine, picked=picked: app.clicked == [picked] * len(mine))  # type: ignore[misc]
        app.show(look)
        assert app.log_view.in_sight[-1] == 86


async def test_lines_that_go_between_two_frames() -> None:
    """A log that is sized or scrolled after its lines were let go and before it is shown again stays whole."""
    async with window() as (pilot, app):
        app.add(*map(text, range(80)))
        app.show(picked=70, first=60)
        await until(pilot, lambda: "<70 " in screen(pilot))
        app.journal.clear()
        app.index.pull()
        await pilot.resize_terminal(60, 5)
        await until(pilot, lambda: app.log_view.size.height == 5)
        app.log_view.scroll_to(y=0, animate=False)
        assert app.log_view.in_sight == []
        app.show()
        app.add("the newest")
        app.show()
        await until(pilot, lambda: "the newest" in screen(pilot))


async def test_a_hundred_thousand_lines_cost_what_a_hundred_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame of a growing log, and one of a scrolled one, looks at the lines in sight only, and lays nothing out."""
    asked: list[int] = []
    layouts: list[Screen[object]] = []
    get, lay_out = EventIndex.get, Screen._refresh_layout

    def counted(index: EventIndex, number: int) -> Event | None:
        asked.append(number)
        return get(index, number)

    def laid_out(each: Screen[object], *arguments: Any, **more: Any) -> None:
        layouts.append(each)
        lay_out(each, *arguments, **more)

    monkeypatch.setattr(EventIndex, "get", counted)
    monkeypatch.setattr(Screen, "_refresh_layout", laid_out)
    costs = []
    for count in (100, 100_000):
        async with window() as (pilot, app):
            app.add(*map(text, range(count)))
            app.show()
            await until(pilot, lambda app=app: app.log_view.show_vertical_scrollbar)  # type: ignore[misc]
            await pilot.pause()
            asked.clear()
            layouts.clear()
            for place in range(20):
                app.add(*map(text, range(30)))
                app.show()
                await pilot.pause()
                assert app.log_view.in_sight[-1] == app.journal.bounds[1] - 1
                app.log_view.scroll_to(y=place * 3, animate=False)
                await pilot.pause()
                assert app.log_view.in_sight[0] == place * 3
                app.log_view.follow()
            costs.append(len(asked))
            # Where the bar has just appeared, the screen may still be at it.
            assert len(layouts) < 5
    assert costs[0] == costs[1] <= 20 * 20


@pytest.mark.parametrize("most", [1, 7, 40])
@pytest.mark.parametrize("width", [40, 58, 118])
def test_hostile_lines_fill_their_rows_and_no_more(width: int, most: int) -> None:
    """However wide, empty, large or evil a payload is, its rows are printable, fit, and say where it was cut."""
    for frames in PAYLOADS:
        for event in (
            Event(0, "client-1", "send", frames, peer="\x1b[31mserver" * 20),
            Event(0, "a name that is too long", "say", text=frames[0][:5000].decode("utf-8", "surrogateescape")),
        ):
            drawn = rows(event, " " * 12, width, named=True, most=most, whole=False)
            assert 1 <= len(drawn) <= most
            texts = ["".join(piece.text for piece in row) for row in drawn]
            assert all(each.isprintable() for each in texts)
            assert all(cell_len(each) <= width for each in texts), [cell_len(each) for each in texts]
            if len(frames[0]) > LONGEST or (len(drawn) == most and sum(map(len, frames)) > width * most):
                assert "…" in "".join(texts)


@pytest.mark.parametrize(("kind", "ends"), [("send", "to"), ("recv", "from"), ("lost", "from")])
def test_who_was_at_the_other_end(kind: str, ends: str) -> None:
    """A subscriber loses what came from its publisher."""
    assert text_of(Event(0.0, "one", kind, (b"x",), peer="other")).endswith(f"{ends} other")

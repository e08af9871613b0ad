"""The log in the app: searched, filtered, held, cleared, wrapped, copied and saved, by keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.ui.support import playing, press, screen, until
from zmqtui.core.journal import Event
from zmqtui.ui.app import Playground
from zmqtui.ui.desk import Desk
from zmqtui.ui.event_log import EventLog
from zmqtui.ui.finder import EARLIER
from zmqtui.ui.sentence import Sentence
from zmqtui.ui.views.log import Log


def desk(pilot: Pilot[None]) -> Desk:
    """Return the desk of the tab on view."""
    assert isinstance(pilot.app, Playground)
    return pilot.app.pane.desk


def log(pilot: Pilot[None]) -> EventLog:
    """Return the lines."""
    return desk(pilot).query_one(EventLog)


def header(pilot: Pilot[None]) -> str:
    """Return what the log's header says is shown."""
    return desk(pilot).query_one(Log).about


def shown(pilot: Pilot[None]) -> str:
    """Return the row of the screen that is the log's header."""
    return next((row for row in screen(pilot).splitlines() if row.lstrip().startswith("Log ")), "")


def in_sight(pilot: Pilot[None]) -> list[Event]:
    """Return the events in sight."""
    return [event for number in log(pilot).in_sight if (event := desk(pilot).index.get(number))]


async def ask(pilot: Pilot[None], sign: str, text: str = "") -> None:
    """Search or filter, at the pace of somebody who looks where the keys go."""
    await press(pilot, sign)
    await until(pilot, lambda: isinstance(pilot.app.focused, Input))
    await press(pilot, *text, "enter")
    await until(pilot, lambda: isinstance(pilot.app.focused, Sentence))


def newest(pilot: Pilot[None]) -> bytes:
    """Return the payload of the last line in sight, if there is one."""
    return next((event.frames[0] for event in reversed(in_sight(pilot))), b"")


def underlined(pilot: Pilot[None]) -> list[str]:
    """Return what is highlighted of the lines in sight."""
    strips = [log(pilot).render_line(y) for y in range(log(pilot).size.height)]
    return [segment.text for strip in strips for segment in strip if segment.style and segment.style.underline]


def exchange(number: int, text: str = "") -> list[Event]:
    """Return a scripted request and its reply."""
    client, when = f"client-{number % 3 + 1}", number / 100
    return [
        Event(when, client, "send", (b"request %d%s" % (number, text.encode()),), "requests"),
        Event(when + 0.001, "server", "recv", (b"request %d" % number,), "requests", peer=client),
        Event(when + 0.002, "server", "send", (b"reply %d" % number,), "requests"),
        Event(when + 0.003, client, "recv", (b"reply %d" % number,), "requests", peer="server"),
    ]


@asynccontextmanager
async def logged(count: int, size: tuple[int, int] = (120, 40), text: str = "") -> AsyncIterator[Pilot[None]]:
    """Run the app at rest after `count` requests with their replies, with the log alone on view."""
    async with playing("reqrep", size) as pilot:
        assert isinstance(pilot.app, Playground)
        add(pilot, *(event for number in range(count) for event in exchange(number, text)))
        await press(pilot, "z")
        await until(pilot, lambda: len(in_sight(pilot)) >= min(4 * count, size[1] - 8))
        yield pilot


def add(pilot: Pilot[None], *events: Event) -> None:
    """Have events happen."""
    assert isinstance(pilot.app, Playground)
    pilot.app.pane.stage.journal.extend(events)
    pilot.app.pane.pump()


async def test_filter() -> None:
    """Key & shows only the lines that have what was typed and says how many; an empty one shows all again."""
    async with logged(10_000, (80, 24)) as pilot:
        await press(pilot, "&")
        await until(pilot, lambda: "words  /regex/  @client" in screen(pilot))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(pilot.app.focused, Sentence))
        await ask(pilot, "&", "@client-1 > 77")
        numbers = [number for number in range(0, 10_000, 3) if "77" in str(number)]
        # A stage at rest: the header comes to the end all the same.
        await until(pilot, lambda: f"& @client-1 > 77 · {len(numbers):,} of 40,000 lines " in f"{shown(pilot)} ")
        assert isinstance(pilot.app.focused, Sentence)
        assert [event.frames for event in in_sight(pilot)][-3:] == [(b"request %d" % each,) for each in numbers[-3:]]
        add(pilot, *exchange(17_778), *exchange(30_000))
        await until(pilot, lambda: f"{len(numbers) + 1:,} of 40,008" in header(pilot))
        assert in_sight(pilot)[-1].frames == (b"request 17778",)
        await ask(pilot, "&", "nowhere")
        await until(pilot, lambda: "No line has that" in screen(pilot) and "0 of 40,008 lines" in shown(pilot))
        await ask(pilot, "&")
        await until(
            pilot,
            lambda: header(pilot) == "all" and newest(pilot) == b"reply 30000",
        )


async def test_search_from_one_to_the_next() -> None:
    """Key / highlights while you type, enter picks the newest match, N and n the next ones, past an end round."""
    async with logged(1000) as pilot:
        await press(pilot, "/")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        await press(pilot, *"/reply 99/")
        await until(pilot, lambda: "/ /reply 99/" in screen(pilot))
        await until(pilot, lambda: set(underlined(pilot)) == {"reply 99"})
        await press(pilot, "enter")
        # Numbers 99 and 990 to 999, sent and received.
        await until(pilot, lambda: isinstance(pilot.app.focused, Sentence))
        await until(pilot, lambda: "/ /reply 99/: 22 of 22" in shown(pilot))
        picked = []
        for key, place in zip("NNnnn", (21, 20, 21, 22, 1), strict=True):
            await press(pilot, key)
            await until(pilot, lambda place=place: f": {place} of 22" in shown(pilot))  # type: ignore[misc]
            row = next(row for row in screen(pilot).splitlines() if "▌" in row)
            picked.append(row.split("reply ")[1].split()[0])
        assert picked == ["999", "998", "999", "999", "99"]
        assert "on from the oldest" in header(pilot)
        await press(pilot, "N")
        await until(pilot, lambda: ": 22 of 22 · on from the newest" in header(pilot))
        await ask(pilot, "&", "@server")
        await until(pilot, lambda: "& @server · 2,000 of 4,000 lines · / /reply 99/: 11 found" in header(pilot))
        await press(pilot, "n")
        await until(pilot, lambda: ": 1 of 11 · on from the oldest" in header(pilot))
        await press(pilot, "end")
        await ask(pilot, "/")
        await ask(pilot, "&")
        await until(pilot, lambda: header(pilot) == "all")
        await press(pilot, "n")
        await until(pilot, lambda: "Nothing is searched for yet" in screen(pilot))


async def test_found_lines_in_a_hurry() -> None:
    """Protects n and N pressed faster than the tab hears whose line was found: none moves on to that one's messages."""
    async with logged(1000) as pilot:
        assert isinstance(pilot.app, Playground)
        await ask(pilot, "/", "/reply 99/")
        await until(pilot, lambda: "/ /reply 99/: 22 of 22" in shown(pilot))
        for place in range(21, 0, -1):
            desk(pilot).query_one(Log).action_find(EARLIER)
            # The picked line is told to the desk, by that to the tab, which draws: each at another time.
            for _ in range(place % 5):
                await asyncio.sleep(0)
            pilot.app.pane.pump()
        await until(pilot, lambda: ": 1 of 22" in shown(pilot))


async def test_escape_leaves_everything_as_it_was() -> None:
    """Escape leaves the input: what was shown and searched stays, and the tab has its keys back."""
    async with logged(100) as pilot:
        await ask(pilot, "&", "@server")
        await until(pilot, lambda: "200 of 400 lines" in header(pilot))
        for sign in "&/":
            await press(pilot, sign)
            await until(pilot, lambda: isinstance(pilot.app.focused, Input))
            await press(pilot, *"client")
            await until(pilot, lambda sign=sign: f"{sign} client" in screen(pilot))  # type: ignore[misc]
            await press(pilot, "escape")
            await until(pilot, lambda: isinstance(pilot.app.focused, Sentence))
        assert header(pilot) == "all · & @server · 200 of 400 lines"
        await press(pilot, "z")
        await until(pilot, lambda: "z larger" in screen(pilot))


async def test_bad_and_endless_expressions() -> None:
    """What is no expression is said in words; one that would never end is given up in a moment, wherever it is met."""
    async with logged(50, text=" " + "a" * 60 + "!") as pilot:
        await press(pilot, "&")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        await press(pilot, *"/(/", "enter")
        await until(pilot, lambda: "/(/ is no expression: missing )" in shown(pilot))
        assert isinstance(pilot.app.focused, Input)
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(pilot.app.focused, Sentence))
        began = time.thread_time()
        # As it is typed, and given all the same.
        await press(pilot, "/")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        await press(pilot, *"/(a+)+$/")
        await until(pilot, lambda: "that expression takes too long" in shown(pilot))
        await press(pilot, "enter")
        await until(pilot, lambda: pilot.app.focused is not None and pilot.app.focused.has_class("-refused"))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(pilot.app.focused, Sentence) and header(pilot) == "all")
        # Met when nothing of it is in sight any more.
        await press(pilot, "ctrl+l")
        await until(pilot, lambda: "Cleared" in screen(pilot))
        await ask(pilot, "&", "/(a+)+$/")
        await until(pilot, lambda: "& /(a+)+$/ · 0 of 0 lines" in header(pilot))
        add(pilot, *exchange(51, " " + "a" * 60 + "!"))
        await until(pilot, lambda: "&" not in header(pilot).replace("(& enter: all)", "") and len(in_sight(pilot)) == 4)
        await ask(pilot, "&")
        await until(pilot, lambda: header(pilot) == "all")
        assert time.thread_time() - began < 10
        assert len(in_sight(pilot)) > 20
        await ask(pilot, "/", "/a+!/")
        await until(pilot, lambda: ": 51 of 51" in shown(pilot))


async def test_held_it_is_searched_filtered_and_scrolled() -> None:
    """Held, the log keeps all its lines though the journal forgets them, and searches, filters and scrolls them."""
    async with logged(5_000) as pilot:
        index = desk(pilot).index
        await press(pilot, "v")
        await until(pilot, lambda: "held" in shown(pilot))
        assert index.holding == 20_000
        add(pilot, *(event for number in range(5_000, 35_000) for event in exchange(number)))
        assert index.passed == 120_000
        assert index.journal.bounds[0] >= 20_000, "nothing of what is held is left in the journal"
        assert in_sight(pilot)[-1].frames == (b"reply 4999",)
        await ask(pilot, "/", "request !>")
        await until(pilot, lambda: "5,000 of 5,000" in header(pilot))
        await press(pilot, "n")
        await until(pilot, lambda: "1 of 5,000 · on from the oldest" in header(pilot))
        await until(pilot, lambda: in_sight(pilot)[0].frames == (b"request 0",))
        await ask(pilot, "&", "@server >")
        await until(pilot, lambda: "5,000 of 20,000 lines" in header(pilot))
        await press(pilot, "v")
        await ask(pilot, "/")
        await ask(pilot, "&")
        await press(pilot, "end")
        await until(pilot, lambda: header(pilot) == "all" and newest(pilot) == b"reply 34999")
        assert index.holding == 0


async def test_clear_and_back() -> None:
    """Cleared, the log shows what comes from then on; other views keep all, and an empty filter brings it back."""
    async with logged(100) as pilot:
        await press(pilot, "left", "ctrl+l")
        await until(pilot, lambda: "Cleared: what comes from now on" in screen(pilot))
        assert "cleared" in shown(pilot)
        assert len(desk(pilot).index.of("")) == 400
        add(pilot, *exchange(100))
        await until(pilot, lambda: [event.time for event in in_sight(pilot)] == [1.0, 1.001, 1.002, 1.003])
        await ask(pilot, "&", "reply")
        await until(pilot, lambda: "& reply · 2 of 4 lines" in header(pilot))
        await ask(pilot, "&")
        await until(pilot, lambda: len(in_sight(pilot)) == 4)
        await ask(pilot, "&")
        await until(pilot, lambda: header(pilot) == "all" and len(in_sight(pilot)) > 20)


async def test_times_and_wrapping() -> None:
    """Key j shows times of the day, since the start and since the line before, of what is shown; b wraps."""
    async with logged(100, (80, 24), text=" word" * 20) as pilot:
        await ask(pilot, "&", "@client-1 >")
        await until(pilot, lambda: "34 of 400 lines" in header(pilot))
        assert "…" in screen(pilot).splitlines()[-5]
        await press(pilot, "j", "j", "b")
        await until(pilot, lambda: "time since the line before" in header(pilot) and "…" not in screen(pilot))
        rows = screen(pilot).splitlines()
        last = next(y for y, row in enumerate(rows) if "request 99" in row)
        assert "  +0.030000  client-1" in rows[last]
        assert sum(row.count("word") for row in rows[last:]) == 20
        assert all(row[31] == " " and row[32] == "w" for row in rows[last + 1 : last + 3])
        await press(pilot, "j", "b")
        await until(pilot, lambda: "time since" not in header(pilot) and "…" in screen(pilot).splitlines()[-5])


async def test_copy_and_save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied is the picked line or what is in sight, saved is every line that the filter finds, whole and printable."""
    monkeypatch.chdir(tmp_path)
    async with logged(100) as pilot:
        add(pilot, Event(2, "client-1", "send", (b"\x1b[31m" + b"x" * 300,), "requests"))
        await press(pilot, "y")
        await until(pilot, lambda: "Log:" in screen(pilot) and "copied" in screen(pilot))
        assert len(pilot.app.clipboard.splitlines()) == len(in_sight(pilot))
        await press(pilot, "left", "y")
        await until(pilot, lambda: "\n" not in pilot.app.clipboard)
        await ask(pilot, "&", "@client-1 >")
        await until(pilot, lambda: "35 of 401" in header(pilot))
        await press(pilot, "ctrl+s")
        saved = tmp_path / "reqrep-log.txt"
        await until(pilot, lambda: saved.exists() and len(saved.read_text().splitlines()) == 35)
        lines = saved.read_text().splitlines()
        assert all("client-1       → " in line and line.isprintable() for line in lines)
        assert lines[-1].endswith("␛[31m" + "x" * 300)

"""The log: what happened, one line each, everybody's or the selected instance's, searched and filtered."""

from __future__ import annotations

import textwrap
from bisect import bisect_left
from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer

from zmqtui.core.journal import Journal
from zmqtui.core.text import printable
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.event_line import TIMES, written
from zmqtui.ui.event_log import EventLog
from zmqtui.ui.event_strips import Look
from zmqtui.ui.finder import EARLIER, LATER, Finder
from zmqtui.ui.prompt import Prompt
from zmqtui.ui.search import HINT, BadQuery, Query, parse
from zmqtui.ui.signs import clock
from zmqtui.ui.view import Key, Scene, View

_AGAIN = 1 / 30
"""Seconds until the next frame while there is something to be found."""
_TIMES = {"clock": "", "start": "time since the start", "line": "time since the line before"}
_ENDLESS = "that expression takes too long"


class Log(View):
    """What happened, one line each."""

    NAME = "log"
    KEY = "l"
    TITLE = "Log"
    HELP = "What happened, one line each; again for the selected instance's only."
    KEYS = (
        Key("slash", "ask('/')", "search", f"Search: {HINT}; capitals count where there are any; empty ends it", True),
        Key("ampersand", "ask('&')", "filter", "Show only the lines that have what you type; empty shows all", True),
        Key("n", "find(1)", "next", "Pick the next line found; the newest if none is picked"),
        Key("N", "find(-1)", "", "Pick the line found before"),
        Key("b", "wrap", "wrap", "Wrap long lines, or cut them"),
        Key("j", "times", "times", "Times of the day, since the start, or since the line before"),
        Key("ctrl+l", "clear", "clear", "Show only what comes from now on; & and enter brings the rest back"),
    )
    PICKS = True
    SHARE = 2

    DEFAULT_CSS = """
    Log { EventLog { width: 1fr; height: 1fr; } }
    """

    def __init__(self) -> None:
        super().__init__()
        self._scene: Scene | None = None
        self._own = False
        self._instance = ""
        self._wrapped = False
        self._times = TIMES[0]
        self._start = 0.0
        # The number of the first line that counts, and when it was cleared.
        self._cleared = 0
        self._cleared_at = 0.0
        self._finder = Finder()
        self._typing: Query | None = None
        # What is wrong with what is typed, and what was given up of it.
        self._trouble = ""
        self._slow: set[str] = set()
        self._again: Timer | None = None
        # What was picked last, until it is drawn as the picked one: keys can come faster than frames.
        self._aim: View.Picked | None = None
        self._log = EventLog(EventIndex(Journal()))
        self._prompt = Prompt(HINT)

    def compose(self) -> ComposeResult:
        """Lay out the lines, and what is typed below them."""
        yield self._log
        yield self._prompt

    # Looking.

    def show(self, scene: Scene) -> None:
        """Take in what is new and draw what is in sight of it."""
        if self._aim and self._aim.taken:
            self._aim = None
        self._scene = scene
        stage, index = scene.stage, scene.index
        if stage.running and abs(self._start - (stage.time - stage.elapsed)) > 1e-3:
            self._start = stage.time - stage.elapsed
        instance = scene.selected if self._own else ""
        if instance != self._instance:
            self._instance = instance
            self._finder.again()
        if self._cleared <= index.bounds[0]:
            self._cleared = 0
        lines = index.of(instance)
        self._find(lines, index)
        shown = self._finder.shown
        self._log.empty = self._nothing(scene)
        look = Look(
            named=not instance,
            wrapped=self._wrapped,
            times=self._times,
            start=self._start if self._times == "start" else 0.0,
            query=self._typing or self._finder.sought,
            roles=scene.ranks,
        )
        first = 0 if shown else self._cleared
        self._log.show(index, shown.found if shown else lines, look, first=first, picked=scene.picked)
        self.about = self._told(scene, lines)

    def _find(self, lines: Sequence[int], index: EventIndex) -> None:
        """Go on with what is looked for; more frames are asked for until all is found."""
        finder = self._finder
        finder.work(lines, index.get, self._cleared)
        if slow := finder.gave_up():
            self._too_slow(slow)
        elif (number := finder.arrived()) is not None:
            self._pick(number)
        if finder.share < 1 and self._again is None:
            self._again = self.set_timer(_AGAIN, self._look_again)

    def _look_again(self) -> None:
        """Draw another frame without waiting for the desk, which does not look at a stage at rest by itself."""
        self._again = None
        self.post_message(self.Redraw())

    def _nothing(self, scene: Scene) -> str:
        """Say why there is no line."""
        if self._finder.shown:
            if self._finder.share < 1:
                return "Searching …"
            whose = f" of {self._instance} has that: l looks at everybody's" if self._instance else " has that"
            return f"No line{whose}.\n& and enter shows all lines."
        if self._cleared:
            return "Cleared: what comes from now on is shown here.\n& and enter brings the rest back."
        pattern = scene.stage.pattern
        about = textwrap.wrap(pattern.about, max(20, min(60, self.size.width - 4)))
        return "\n".join([pattern.title, "", *about, "", "space starts it"])

    def _told(self, scene: Scene, lines: Sequence[int]) -> str:
        """Say for the header what is shown."""
        parts = [self._instance or "all"]
        if self._trouble:
            parts.append(self._trouble)
        else:
            if self._cleared:
                parts.append(f"cleared {clock(self._cleared_at)[:8]} (& enter: all)")
            parts += self._finder.said(len(lines) - bisect_left(lines, self._cleared), scene.picked)
            parts += [_TIMES[self._times]] if _TIMES[self._times] else []
        return printable(" · ".join(parts))

    # Searching.

    def _too_slow(self, query: Query) -> None:
        """Say that a query was given up."""
        self._slow.add(query.typed)
        if self._prompt.open:
            self._trouble = _ENDLESS
        self.notify(f"{printable(query.typed, 40)} takes too long: it was given up.", severity="error", markup=False)

    def action_ask(self, sign: str) -> None:
        """Ask what to search for, or what to show."""
        self._trouble = ""
        self._slow.clear()
        self._prompt.ask(sign)

    def action_find(self, way: int) -> None:
        """Pick the next or the previous line found; from the end upwards if none is picked."""
        if self._finder.found is None or self._scene is None:
            self.notify("Nothing is searched for yet: / searches.", markup=False)
            return
        picked = self._aim.number if self._aim else self._scene.picked
        if picked is not None:
            self._finder.go(picked, way)
        else:
            sight = self._log.in_sight
            self._finder.go(sight[-1] + 1 if sight else 0, EARLIER)
        self._find(self._scene.index.of(self._instance), self._scene.index)

    def _parsed(self, text: str) -> Query | None:
        """Read what was typed; what cannot be is said in the header."""
        try:
            query = parse(text)
        except BadQuery as error:
            self._trouble = str(error)
            return None
        slow = query.typed in self._slow
        self._trouble = _ENDLESS if slow else ""
        return None if slow else query

    @on(Prompt.Typed)
    def _typed(self, event: Prompt.Typed) -> None:
        event.stop()
        query = self._parsed(event.text)
        self._typing = query if query and not query.empty else None
        self._look_again()

    @on(Prompt.Given)
    def _given(self, event: Prompt.Given) -> None:
        event.stop()
        query = self._parsed(event.text)
        if query is None:
            self._prompt.refuse()
            self.notify(self._trouble, severity="error", markup=False)
            return
        self._leave()
        asked = None if query.empty else query
        if event.sign == "/":
            self._finder.begin(self._finder.wanted, asked)
            if asked:
                self.action_find(LATER)
        else:
            # An empty one takes the filter off; where there is none, it takes back the clearing.
            if not asked and not self._finder.wanted:
                self._cleared = 0
            self._finder.begin(asked, self._finder.sought)
        self._look_again()

    @on(Prompt.Left)
    def _left(self, event: Prompt.Left) -> None:
        event.stop()
        self._leave()
        self._look_again()

    def _leave(self) -> None:
        self._typing, self._trouble = None, ""
        self._prompt.close()

    @on(EventLog.Tired)
    def _tired(self, event: EventLog.Tired) -> None:
        event.stop()
        if slow := self._typing or self._finder.sought:
            if not self._typing:
                self._finder.begin(self._finder.wanted, None)
            self._typing = None
            self._too_slow(slow)
        self._look_again()

    # Doing.

    def turn(self) -> None:
        """Show everybody's lines, or the selected instance's."""
        self._own = not self._own

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        self._wrapped = not self._wrapped

    def action_times(self) -> None:
        """Show other times."""
        self._times = TIMES[(TIMES.index(self._times) + 1) % len(TIMES)]

    def action_clear(self) -> None:
        """Show only what comes from now on."""
        if self._scene is None:
            return
        self._cleared, self._cleared_at = self._scene.index.bounds[1], self._scene.stage.time
        self._finder.stay()
        self.newest()
        self._pick(None)

    def newest(self) -> None:
        """Follow the newest line again."""
        self._log.follow()

    def page(self, step: int) -> None:
        """Scroll by `step` pages."""
        page = max(1, len(self._log.in_sight) - 1)
        self._log.scroll_to(y=self._log.scroll_offset.y + step * page, animate=False, force=True)

    def copied(self) -> str:
        """Return the picked line, or those in sight."""
        if self._scene is None:
            return ""
        picked = self._scene.picked
        numbers = [picked] if picked is not None else self._log.in_sight
        return self._write(numbers)()

    def saved(self) -> tuple[str, Callable[[], str]] | None:
        """Return every line, with a filter those that it finds."""
        if self._scene is None:
            return None
        index = self._scene.index
        lines = index.of(self._instance)
        numbers: Sequence[int] = lines[bisect_left(lines, self._cleared) :]
        note = ""
        if shown := self._finder.shown:
            # What is still to be found is found now: off the main thread, nothing could end a slow expression.
            shown.work(lines, index.get, self._cleared, 0.5)
            numbers = list(shown.found)
            note = "" if shown.done else f"# {shown.share:.0%} of the lines were searched\n"
        write = self._write(numbers)
        return (f"{self._scene.stage.pattern.name}-log.txt", lambda: f"{note}{write()}\n") if numbers else None

    def _write(self, numbers: Sequence[int]) -> Callable[[], str]:
        """Return a function that writes lines; it needs nothing of the screen."""
        assert self._scene is not None
        events = [event for number in numbers if (event := self._scene.index.get(number))]
        times, start = self._times, self._start
        return lambda: written(events, times, start)

    @on(EventLog.Clicked)
    def _clicked(self, event: EventLog.Clicked) -> None:
        event.stop()
        self._pick(event.number)

    def _pick(self, number: int | None) -> None:
        self._aim = self.Picked(number)
        self.post_message(self._aim)

"""The log: what happened, one line each, everybody's or the selected instance's."""

from __future__ import annotations

import textwrap

from textual import on
from textual.app import ComposeResult

from zmqtui.core.journal import Journal
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.event_log import EventLog
from zmqtui.ui.view import Scene, View


class Log(View):
    """What happened, one line each."""

    NAME = "log"
    KEY = "l"
    TITLE = "Log"
    HELP = "What happened, one line each; again for the selected instance's only."
    PICKS = True
    SHARE = 2

    DEFAULT_CSS = """
    Log { EventLog { width: 1fr; height: 1fr; } }
    """

    def __init__(self) -> None:
        super().__init__()
        self._own = False
        self._log = EventLog(EventIndex(Journal()))

    def compose(self) -> ComposeResult:
        """Lay out the lines."""
        yield self._log

    def show(self, scene: Scene) -> None:
        """Take in what is new and draw what is in sight of it."""
        instance = scene.selected if self._own else ""
        self.about = instance or "all"
        self._log.roles = dict(scene.ranks)
        self._log.mark(scene.picked)
        self._log.show(scene.index, instance)
        pattern = scene.stage.pattern
        self._log.empty = "\n".join([pattern.title, "", *textwrap.wrap(pattern.about, 60), "", "space starts it"])

    def turn(self) -> None:
        """Show everybody's lines, or the selected instance's."""
        self._own = not self._own

    def page(self, step: int) -> None:
        """Scroll by `step` pages."""
        self._log.scroll_relative(y=step * (self._log.size.height - 1), animate=False)

    @on(EventLog.Clicked)
    def _clicked(self, event: EventLog.Clicked) -> None:
        event.stop()
        self.post_message(self.Picked(event.number))

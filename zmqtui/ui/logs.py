"""The logs of a tab: everybody's, and the picked instance's beside it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal

from zmqtui.core.journal import Journal
from zmqtui.core.text import printable
from zmqtui.core.watch import StageView
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.event_log import EventLog
from zmqtui.ui.signs import place

BOTH, ALL, OWN = "both", "all", "own"


class Logs(Horizontal):
    """Shows the log of all instances, the log of one, or both."""

    def __init__(self, journal: Journal) -> None:
        """Make the logs of `journal`."""
        super().__init__(id="logs")
        self._index = EventIndex(journal)
        self._all = EventLog(self._index, id="log-all")
        self._own = EventLog(self._index, id="log-own")
        self._mode = BOTH

    def compose(self) -> ComposeResult:
        """Lay out both."""
        yield self._all
        yield self._own

    def on_mount(self) -> None:
        """Name the log of all."""
        self._all.border_title = "log · all"

    def show(self, instance: str) -> None:
        """Show the log of another instance beside that of all."""
        self._own.show(instance)
        self._own.border_title = f"log · {printable(instance, 40)}"

    def turn(self, *, narrow: bool) -> None:
        """Show both, everybody's or the picked one's, in turn; where it is narrow there is room for one."""
        modes = [ALL, OWN] if narrow else [BOTH, ALL, OWN]
        here = modes.index(self._mode) if self._mode in modes else 0
        self._mode = modes[(here + 1) % len(modes)]
        self.set_class(self._mode == ALL, "-all")
        self.set_class(self._mode == OWN, "-own")

    def grow(self, view: StageView) -> None:
        """Take in what is new and draw what is in sight of it."""
        rank = {role.name: number for number, role in enumerate(view.pattern.roles)}
        self._all.roles = {each.name: rank[each.role] for each in view.instances}
        gone = self._index.pull()
        for log in (self._all, self._own):
            log.grow(gone.get(log.instance, 0))

    def explain(self, view: StageView, about: list[str]) -> None:
        """Have the empty log show the pattern's picture.

        Args:
            view: The stage.
            about: Lines of explanation to show with it.
        """
        picture = [
            f"{link.role} {link.socket} ───▶ {endpoint.bind.socket} {endpoint.bind.role}"
            f"   {place(view.addresses[endpoint.name])}"
            for endpoint in view.pattern.endpoints
            for link in endpoint.connect
        ]
        self._all.empty = "\n".join([view.pattern.title, "", *picture, *about, "", "space starts it"])

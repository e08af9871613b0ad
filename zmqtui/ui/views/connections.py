"""What libzmq says of the connections: as they stand, and what became of them beside the messages."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from zmqtui.core.text import printable
from zmqtui.core.watch import ConnectionView, StageView
from zmqtui.ui.drawn import changed
from zmqtui.ui.view import Scene, View
from zmqtui.ui.views.contact_table import draw, lines
from zmqtui.ui.views.timeline import Timeline

_MANY = 100
"""Connections from which the table is looked at more seldom."""
_SELDOM = 0.5
_COPIED = 1_000
"""Lines that are copied."""


class Connections(View):
    """Who is connected to whom, and what libzmq said of every connection."""

    NAME = "connections"
    KEY = "i"
    TITLE = "Connections"
    HELP = "What libzmq says of the connections; again for the selected instance's among its messages."
    PICKS = True
    SHARE = 2

    DEFAULT_CSS = """
    Connections {
        layout: vertical;
        #contacts { height: auto; max-height: 60%; text-wrap: nowrap; }
        #contacts-rule { height: 1; color: $foreground 40%; text-wrap: nowrap; }
        Timeline { height: 1fr; }
        #contacts-empty {
            display: none; height: 1fr; content-align: center middle; text-align: center; color: $foreground 70%;
        }
        &.-empty { Timeline, #contacts-rule { display: none; } #contacts-empty { display: block; } }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._own = False
        self._table = Static("", id="contacts", markup=False)
        self._rule = Static("", id="contacts-rule", markup=False)
        self._timeline = Timeline()
        self._empty = Static("", id="contacts-empty", markup=False)
        self._connections: tuple[ConnectionView, ...] = ()
        self._looked = -1.0
        self._drawn: Content | None = None
        self._ruled = ""
        self._taught = ""

    def compose(self) -> ComposeResult:
        """Lay out the table, the timeline and what is said while there is nothing."""
        yield self._table
        yield self._rule
        yield self._timeline
        yield self._empty

    def show(self, scene: Scene) -> None:
        """Draw what changed."""
        stage = scene.stage
        self._look(scene)
        outside = sum(each.outside and each.state == "connected" for each in self._connections)
        self._show_table(scene)
        timeline = self._timeline
        timeline.ranks, timeline.selected = scene.ranks, scene.selected
        timeline.short = {address: _short(address) for address in stage.addresses.values()}
        own = scene.selected if self._own else ""
        timeline.show(scene.index, own, scene.picked)
        self._teach(stage, own)
        count = sum(each.state == "connected" and (not each.binds or each.outside) for each in self._connections)
        if _all_inproc(stage):
            self.about = "inproc: libzmq reports nothing"
        else:
            strangers = f", {outside:,} outside" if outside else ""
            schemes = dict.fromkeys(address.partition(":")[0] for address in stage.addresses.values())
            self.about = f"{' and '.join(map(printable, schemes))}, {count:,} connected{strangers}"

    def _look(self, scene: Scene) -> None:
        if scene.index.held and self._looked >= 0:
            return
        when = scene.stage.time
        if len(self._connections) < _MANY or abs(when - self._looked) >= _SELDOM or not scene.stage.running:
            self._connections, self._looked = scene.stage.connections(), when

    def _show_table(self, scene: Scene) -> None:
        most = max(3, self.size.height * 2 // 5)
        table = lines(scene.stage, self._connections, scene.selected, most) if scene.stage.running else []
        drawn = draw(table, self.size.width, scene.selected, scene.ranks)
        if changed(self._drawn, drawn):
            height = self._drawn.plain.count("\n") if self._drawn else -1
            self._table.update(drawn, layout=drawn.plain.count("\n") != height or not drawn)
            self._table.display = bool(table)
            self._drawn = drawn
        what = f" {scene.selected}: connections and messages " if self._own else " what happened "
        ruled = f"─{what}".ljust(self.size.width, "─")
        if ruled != self._ruled:
            self._ruled = ruled
            self._rule.update(ruled, layout=False)

    def _teach(self, stage: StageView, own: str) -> None:
        text = ""
        if not len(self._timeline):
            if _all_inproc(stage):
                text = (
                    "libzmq reports nothing about inproc connections: there is no network.\n"
                    "The playground knows only who asked for which name.\nt runs it on tcp."
                )
            elif own:
                text = f"Nothing happened to {own} yet."
            else:
                text = (
                    "No connections yet: space starts it.\n"
                    "libzmq tells whatever becomes of a connection: here you see it beside the messages."
                )
        if text != self._taught:
            self._taught = text
            self._empty.update(text)
            self.set_class(bool(text), "-empty")

    def turn(self) -> None:
        """Show the selected instance's connections among its messages, or everybody's connections."""
        self._own = not self._own

    def newest(self) -> None:
        """Follow the newest line again."""
        self._timeline.scroll_end(animate=False)

    def page(self, step: int) -> None:
        """Scroll by `step` pages."""
        self._timeline.scroll_relative(y=step * max(1, self._timeline.size.height - 1), animate=False)

    def copied(self) -> str:
        """Return the table and the newest lines."""
        table = self._drawn.plain if self._drawn else ""
        return "\n\n".join(filter(None, [table, self._timeline.lines(_COPIED)]))

    def saved(self) -> tuple[str, str] | None:
        """Return the table and the timeline."""
        text = self.copied()
        return ("connections.txt", text + "\n") if text else None

    @on(Timeline.Clicked)
    def _clicked(self, event: Timeline.Clicked) -> None:
        event.stop()
        if event.event.kind in ("send", "recv"):
            self.post_message(self.Picked(event.number))
        elif event.event.instance:
            self.post_message(self.Selected(event.event.instance))


def _short(address: str) -> str:
    return address.replace("tcp://127.0.0.1:", ":") if address.startswith("tcp:") else address.rpartition("/")[2]


def _all_inproc(stage: StageView) -> bool:
    return all(address.startswith("inproc:") for address in stage.addresses.values())

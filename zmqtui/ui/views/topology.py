"""The pattern's picture: who is connected to whom, and what travels where."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual.events import Click
from textual.geometry import Region
from textual.strip import Strip

from zmqtui.core.model import Knob
from zmqtui.core.text import printable
from zmqtui.core.watch import InstanceView
from zmqtui.ui.signs import place
from zmqtui.ui.strips import fitted
from zmqtui.ui.view import Scene, View
from zmqtui.ui.views.picture.boxes import OUTSIDE
from zmqtui.ui.views.picture.canvas import BLANK, Canvas, strip
from zmqtui.ui.views.picture.columns import columns
from zmqtui.ui.views.picture.drawing import draw
from zmqtui.ui.views.picture.layout import Ask, Layout, lay_out
from zmqtui.ui.views.picture.listing import draw_list
from zmqtui.ui.views.picture.moment import Moment, troubled
from zmqtui.ui.views.picture.traffic import Traffic

_NOTE = 14
"""The most columns that the layout keeps for a filter."""
_STYLES = (
    "frame", "selected", "wire", "live", "dim", "rate", "note", "socket", "quiet", "text", "sent", "received",
    "waiting", "working", "lost", "failed", "role-0", "role-1", "role-2",
)  # fmt: skip


class Topology(View):
    """The pattern's picture: who is connected to whom, and what travels where."""

    NAME = "topology"
    KEY = "g"
    TITLE = "Topology"
    HELP = "The pattern's picture: who is connected to whom, and what travels where; again for a list."
    SIGNS = (
        ("◉", "this end binds, the other one connects"),
        ("▶ ◀", "the way the messages go"),
        ("●", "a message, while there are fewer than 10 a second"),
        ("━ ═", "10 messages a second and more, 1,000 and more"),
        ("╌", "not connected; a box: it does not run any more"),
    )
    SHARE = 2
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"topology--{style}" for style in _STYLES}
    DEFAULT_CSS = """
    Topology {
        .topology--frame { color: $foreground 45%; }
        .topology--selected { color: $primary; text-style: bold; }
        .topology--wire { color: $foreground 45%; }
        .topology--live { color: $foreground 85%; }
        .topology--dim { color: $foreground 30%; }
        .topology--rate { color: $foreground 80%; }
        .topology--note { color: $tone-received; text-style: italic; }
        .topology--socket { color: $foreground 70%; }
        .topology--quiet { color: $foreground 60%; }
        .topology--text { color: $foreground; }
        .topology--sent { color: $tone-sent; }
        .topology--received { color: $tone-received; }
        .topology--waiting { color: $tone-waiting; }
        .topology--working { color: $tone-working; }
        .topology--lost { color: $tone-lost; }
        .topology--failed { color: $tone-failed; text-style: bold; }
        .topology--role-0 { color: $role-0; }
        .topology--role-1 { color: $role-1; }
        .topology--role-2 { color: $role-2; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._traffic = Traffic()
        self._as_list = False
        self._ask: Ask | None = None
        self._layout: Layout | None = None
        self._listed: dict[int, tuple[str, ...]] = {}
        self._rows: list[tuple[str, tuple[str, ...]]] = []
        self._pattern = ""
        self._styles: dict[str, Style] = {}

    def show(self, scene: Scene) -> None:
        """Draw what changed."""
        stage = scene.stage
        self._pattern = stage.pattern.name
        self._traffic.look(stage)
        knobs = {knob.role: knob for knob in stage.pattern.knobs if knob.each and knob.kind == "filters"}
        notes = {each.name: _note(knobs[each.role], each) for each in stage.instances if each.role in knobs}
        moment = Moment(stage, self._traffic, scene.selected, scene.ranks, notes)
        ask = self._asked(scene, max(map(len, notes.values()), default=0))
        if ask != self._ask:
            self._ask = ask
            self._layout = lay_out(ask)
        if self._layout and not self._as_list:
            self._draw(draw(self._layout, moment, ask))
        else:
            canvas, self._listed = draw_list(ask, moment)
            self._draw(canvas)
        places = [f"{name} {where}" for name, where in ask.where.items()]
        self.about = " · ".join([stage.transport, *places, "◉ binds"])

    def _asked(self, scene: Scene, notes: int) -> Ask:
        stage = scene.stage
        skeleton = columns(stage.pattern)
        ours = {role.name: tuple(each.name for each in stage.of(role.name)) for role in stage.pattern.roles}
        endpoints = [each.name for each in stage.pattern.endpoints]
        outside = frozenset(
            (name, binds) for name in endpoints for binds in (False, True) if self._traffic.outside(name, binds=binds)
        )
        where = {name: printable(place(stage.addresses[name]), 40) for name in endpoints}
        first = tuple(dict.fromkeys([scene.selected, *troubled(stage)]))
        return Ask(skeleton, ours, first, where, outside, min(notes, _NOTE), self.size.width, self.size.height)

    def _draw(self, canvas: Canvas) -> None:
        """Draw the rows that are not what they were."""
        rows = canvas.rows()
        before, self._rows = self._rows, rows
        if len(before) != len(rows) or (rows and len(before[0][0]) != len(rows[0][0])):
            self.refresh()
            return
        changed = [Region(0, y, canvas.width, 1) for y, row in enumerate(rows) if row != before[y]]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        if y >= len(self._rows):
            return Strip.blank(self.size.width, self._style(BLANK))
        row = self._rows[y]
        for name in set(row[1]):
            self._style(name)
        return fitted(strip(row, self._styles), self.size.width, self._style(BLANK))

    def notify_style_update(self) -> None:
        """Draw in the colours that there are now."""
        super().notify_style_update()
        self._styles.clear()

    def _style(self, name: str) -> Style:
        """Return a style; Textual forgets them all at every frame."""
        if style := self._styles.get(name):
            return style
        if name == BLANK:
            style = self.rich_style
        else:
            tone, *more = name.split()
            style = self.get_component_rich_style(f"topology--{tone}")
            if more:
                style += Style(bold="bold" in more or None, reverse="reverse" in more or None)
        self._styles[name] = style
        return style

    def turn(self) -> None:
        """Show the list, or the picture again."""
        self._as_list = not self._as_list

    def on_click(self, event: Click) -> None:
        """Select whom the box or the row stands for."""
        name = ""
        if self._layout and not self._as_list:
            for box in self._layout.boxes:
                if box.x <= event.x < box.x + box.width and box.y <= event.y < box.y + box.height:
                    name = "" if box.role == OUTSIDE else box.at(event.x, event.y)
        else:
            name = self._listed.get(event.y, ("",))[0]
        if name:
            self.post_message(self.Selected(name))

    def copied(self) -> str:
        """Return the picture as text."""
        return "\n".join(text.rstrip() for text, _ in self._rows).strip("\n")

    def saved(self) -> tuple[str, str] | None:
        """Return the picture as a text file."""
        return (f"{self._pattern}-topology.txt", self.copied() + "\n") if self._rows else None


def _note(knob: Knob, instance: InstanceView) -> str:
    """Say what a subscriber asks for."""
    return printable(knob.format(instance.knobs[knob.name]) or "everything", 60)

"""Who sent what to whom, time downwards."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.geometry import Region
from textual.strip import Strip

from zmqtui.core.watch import StageView
from zmqtui.ui.signs import duration, state_of
from zmqtui.ui.strips import fitted
from zmqtui.ui.view import Key, Scene, View
from zmqtui.ui.views.ladder.arrows import Arrow, Mark, Row
from zmqtui.ui.views.ladder.drawing import Drawing, Drawn
from zmqtui.ui.views.ladder.lanes import Lanes, lay_out
from zmqtui.ui.views.ladder.scroll import SPANS, Scroll, Sight
from zmqtui.ui.views.ladder.story import Story
from zmqtui.ui.views.picture.canvas import Canvas, strip

_TONES = (
    "lane", "mine", "time", "quiet", "text", "selected", "picked", "sent", "received", "waiting", "working", "lost",
    "failed", "role-0", "role-1", "role-2",
)  # fmt: skip
_SCALES = ("every message", "1 ms a row", "10 ms a row", "100 ms a row", "1 s a row")
_WHEEL = 3
"""Rows that a turn of the wheel goes."""
_SETTLING = 0.001
"""Seconds after an event at which a lane shows the state that it led to."""
_STRIPS = 500
"""Lines that are remembered as they are drawn."""
_LATE = 0.2
"""Seconds after which everything is known of a moment."""


class Sequence(View):
    """Who sent what to whom, time downwards."""

    NAME = "sequence"
    KEY = "u"
    TITLE = "Sequence"
    HELP = "Who sent what to whom, time downwards; again for the selected instance's messages only."
    SIGNS = (
        ("├──▶", "sent, and received at once"),
        ("├╌╌▶", "received later: +2.0 s is how long it was under way or in a queue"),
        ("├─▷", "sent; when or by whom it was received is told elsewhere, or not certain"),
        ("?", "not certain which of several alike it was, or whose"),
        ("✗", "it will not arrive, and why"),
        ("▒ ┆", "works, waits in recv()"),
        ("⋮", "nothing happened for so long"),
    )
    PICKS = True
    SHARE = 3
    KEYS = (
        Key("plus", "zoom(-1)", "closer", "See less time, down to a row for every message"),
        Key("minus", "zoom(1)", "wider", "See more time: what is alike becomes one arrow"),
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"sequence--{tone}" for tone in _TONES}
    DEFAULT_CSS = """
    Sequence {
        .sequence--lane { color: $foreground 40%; }
        .sequence--mine { color: $primary; }
        .sequence--time { color: $foreground 60%; }
        .sequence--quiet { color: $foreground 60%; }
        .sequence--text { color: $foreground; }
        .sequence--selected { color: $primary; text-style: bold underline; }
        .sequence--picked { background: $primary 30%; }
        .sequence--sent { color: $tone-sent; }
        .sequence--received { color: $tone-received; }
        .sequence--waiting { color: $tone-waiting; }
        .sequence--working { color: $tone-working; }
        .sequence--lost { color: $tone-lost; }
        .sequence--failed { color: $tone-failed; text-style: bold; }
        .sequence--role-0 { color: $role-0; }
        .sequence--role-1 { color: $role-1; }
        .sequence--role-2 { color: $role-2; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._scale = 0
        self._own = False
        self._bottom: int | None = None
        self._picked: int | None = None
        self._story: Story | None = None
        self._setting: object = None
        self._scene: Scene | None = None
        self._lanes = Lanes((), 0, 0, 0)
        self._scroll: Scroll | None = None
        self._drawing: Drawing | None = None
        self._sights: list[Sight] = []
        self._drawn: dict[tuple[int, int, int], Drawn] = {}
        self._lines: list[tuple[Drawn, bool]] = []
        self._strips: dict[Drawn, Strip] = {}

    # Looking.

    def show(self, scene: Scene) -> None:
        """Read what is new and draw what is in sight of it."""
        self._scene = scene
        story = self._read(scene)
        self._arrange(scene, story)
        if scene.picked != self._picked:
            self._picked = scene.picked
            self._bring(story)
        self._draw(scene, story)

    def _read(self, scene: Scene) -> Story:
        stage, index = scene.stage, scene.index
        story = self._story
        if story is None or story.about != (stage.pattern.name, stage.transport, id(index)):
            story = self._story = Story(stage.pattern, stage.transport)
            story.about = (stage.pattern.name, stage.transport, id(index))
            self._bottom = self._scroll = None
        if self._bottom is not None and not index.bounds[0] <= self._bottom < index.bounds[1]:
            self._bottom = None
        anchor = self._bottom
        if scene.picked != self._picked:
            if scene.picked is None:
                self._bottom = None
            anchor = scene.picked
        names = [each.name for each in stage.instances]
        if story.cover(index, anchor, names, _strangers(stage)):
            self._scroll = None
        return story

    def _arrange(self, scene: Scene, story: Story) -> None:
        """Lay out lanes and rows anew where anything about them changed."""
        names = tuple(each.name for each in scene.stage.instances)
        only = scene.selected if self._own else ""
        setting = (names, self.size, scene.selected, only, self._scale)
        if setting != self._setting or self._scroll is None:
            self._setting = setting
            self._lanes = lay_out(scene.stage, scene.selected, self.size.width, story.ends)
            self._drawing = Drawing(self._lanes, scene.selected, scene.ranks, self._facing)
            self._scroll = Scroll(story, self._lanes, only, SPANS[self._scale])
            self._drawn.clear()
            story.pairing.changed.clear()
        elif story.pairing.changed:
            self._scroll.forget(story.pairing.changed)
            story.pairing.changed.clear()

    def _facing(self, endpoint: str, name: str) -> list[int]:
        """Return the columns of those at the other end of an endpoint."""
        if self._story is None:
            return []
        roles = self._story.ends.facing(endpoint, name)
        return [lane.x for lane in self._lanes.each if self._story.ends.role(lane.name) in roles]

    def _bring(self, story: Story) -> None:
        """Bring the picked event in sight, or follow the newest again."""
        if self._picked is None:
            return
        shown = {number for sight in self._sights for number in sight.row.numbers}
        if self._picked in shown:
            if self._bottom is None and story.seen:
                self._bottom = story.seen[-1]
            return
        place = story.place(self._picked)
        self._bottom = self._down(story, place, max(1, (self.size.height - 1) // 2))

    def _draw(self, scene: Scene, story: Story) -> None:
        height = self.size.height - 1
        scroll, drawing = self._scroll, self._drawing
        if scroll is None or drawing is None or height < 1:
            return
        live = self._bottom is None and scene.stage.running and not scene.index.held
        place = len(story.seen) if self._bottom is None else story.place(self._bottom + 1)
        sights, messages, skipped = scroll.before(place, height - live)
        self._sights = sights
        signs = {each.name: state_of(each, scene.stage)[:2] for each in scene.stage.instances}
        lines: list[tuple[Drawn, bool]] = [(drawing.names(signs), False)]
        if not sights and not scene.stage.running:
            lines += self._empty(scene, height)
        drawn: dict[tuple[int, int, int], Drawn] = {}
        settling = max(SPANS[self._scale], _SETTLING)
        for sight in sights:
            row = sight.row
            line = self._drawn.get(sight.key) or drawing.row(row, partial(story.state, when=row.time + settling))
            if scene.stage.time - row.time > _LATE:
                drawn[sight.key] = line
            picked = self._picked in row.numbers
            lines.append((drawing.picked(line) if picked else line, picked))
        self._drawn = drawn
        if live:
            states = {each.name: each.state for each in scene.stage.instances}
            lines.append((drawing.row(Row(scene.stage.time), states.get, now=True), False))
        self._say(messages, skipped)
        self._replace(lines)

    def _say(self, messages: int, skipped: int) -> None:
        told = [_SCALES[self._scale]]
        if self._own and self._scene:
            told.append(f"{self._scene.selected}'s")
        if skipped:
            told.append(f"shows 1 in {round((messages + skipped) / max(messages, 1)) or 1:,} messages")
        if self._bottom is not None and self._picked is None and self._scene and self._sights:
            told.append(f"{duration(max(0.0, self._scene.stage.time - self._sights[-1].row.time))} ago")
        self.about = " · ".join(told)

    def _empty(self, scene: Scene, height: int) -> list[tuple[Drawn, bool]]:
        """Say what would be here."""
        canvas = Canvas(self.size.width, height)
        text = (
            "No messages yet: space starts it.",
            "",
            "Time goes down, a lane for each instance,",
            "an arrow from each send to its receive.",
        )
        top = max(0, (height - len(text)) // 2)
        for number, line in enumerate(text):
            canvas.put(max(0, (self.size.width - len(line)) // 2), top + number, line, "quiet" if number else "text")
        return [(row, False) for row in canvas.rows()]

    def _replace(self, lines: list[tuple[Drawn, bool]]) -> None:
        """Have those lines drawn that are not what they were."""
        before, self._lines = self._lines, lines
        changed = [
            Region(0, y, self.size.width, 1)
            for y in range(max(len(before), len(lines)))
            if y >= len(before) or y >= len(lines) or before[y] != lines[y]
        ]
        if len(changed) > len(lines) // 2:
            self.refresh()
        elif changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        if y >= len(self._lines):
            return Strip.blank(self.size.width, self.rich_style)
        drawn, picked = self._lines[y]
        line = self._strips.get(drawn)
        if line is None:
            if len(self._strips) > _STRIPS:
                self._strips.clear()
            line = self._strips[drawn] = self._strip(drawn)
        if not picked:
            return line
        ground = Style(bgcolor=self.get_component_rich_style("sequence--picked").bgcolor)
        return Strip(Segment.apply_style(line, post_style=ground), line.cell_length)

    def _strip(self, drawn: Drawn) -> Strip:
        base = self.rich_style
        styles = {tone: self.get_component_rich_style(f"sequence--{tone}") if tone else base for tone in set(drawn[1])}
        return fitted(strip(drawn, styles), self.size.width, base)

    def notify_style_update(self) -> None:
        """Draw everything anew in another theme."""
        super().notify_style_update()
        self._strips.clear()

    # Moving.

    def turn(self) -> None:
        """Show the selected instance's messages only, or all."""
        self._own = not self._own

    def action_zoom(self, step: int) -> None:
        """See less time or more."""
        self._scale = min(max(self._scale + step, 0), len(SPANS) - 1)
        if self._bottom is not None and self._sights:
            self._picked = None if self._scene is None or self._scene.picked is not None else self._picked

    def newest(self) -> None:
        """Follow the newest row again."""
        self._bottom = None

    def page(self, step: int) -> None:
        """Scroll by `step` pages."""
        self._move(step * max(1, self.size.height - 3))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scroll back."""
        event.stop()
        self._move(-_WHEEL)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scroll on."""
        event.stop()
        self._move(_WHEEL)

    def _move(self, rows: int) -> None:
        scene, story = self._scene, self._story
        if scene is None or story is None or not self._sights:
            return
        if rows < 0:
            height = self.size.height - 1
            kept = max(len(self._sights) + rows, 0)
            if len(self._sights) < height and self._sights[0].place == 0:
                return
            target = self._sights[kept - 1].place if kept else self._sights[0].place - 1
            self._bottom = story.seen[max(target, 0)]
        elif self._bottom is not None:
            self._bottom = self._down(story, story.place(self._bottom), rows)
            if self._bottom == story.seen[-1] and scene.picked is None and story.end >= scene.index.bounds[1]:
                self._bottom = None
        self.show(scene)

    def _down(self, story: Story, place: int, rows: int) -> int | None:
        """Return the number of the event that is so many rows below the one before which `place` were seen."""
        if not story.seen or self._scroll is None:
            return None
        last = len(story.seen) - 1
        first = place
        while place < last:
            place = min(place + max(1, rows // 2), last)
            found, _, _ = self._scroll.before(place + 1, rows + 1)
            if len([sight for sight in found if sight.place > first]) >= rows:
                break
        return story.seen[min(place, last)]

    def on_click(self, event: Click) -> None:
        """Pick the arrow's message, or select whose lane it is."""
        if event.y == 0 or event.y > len(self._sights):
            if name := self._lanes.at(event.x):
                self.post_message(self.Selected(name))
            return
        row = self._sights[event.y - 1].row
        things: list[Arrow | Mark] = [*row.arrows, *row.marks]
        if things:
            nearest = min(things, key=lambda thing: self._distance(thing, event.x))
            self.post_message(self.Picked(nearest.number))

    def _distance(self, thing: Arrow | Mark, x: int) -> int:
        names = (thing.sender, *thing.receivers) if isinstance(thing, Arrow) else (thing.name,)
        places = [lane.x for lane in map(self._lanes.get, names) if lane] or [0]
        return max(min(places) - x, x - max(places), 0)

    def copied(self) -> str:
        """Return what is in sight as text."""
        return "\n".join(text.rstrip() for (text, _), _ in self._lines).strip("\n") if self._sights else ""

    def saved(self) -> tuple[str, str] | None:
        """Return what is in sight as a text file."""
        if not self._sights or self._scene is None:
            return None
        return f"{self._scene.stage.pattern.name}-sequence.txt", self.copied() + "\n"


def _strangers(stage: StageView) -> list[str]:
    """Return the endpoints at which somebody is who is not on the stage."""
    found = []
    for endpoint in stage.pattern.endpoints:
        roles = {link.role for link in endpoint.connect}
        connected = [each for each in stage.instances if each.role in roles and endpoint.name in each.connected]
        bound = any(each.alive for each in stage.of(endpoint.bind.role))
        if stage.peers.get(endpoint.name, 0) > len(connected) or (connected and not bound):
            found.append(endpoint.name)
    return found

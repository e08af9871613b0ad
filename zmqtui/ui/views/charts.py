"""Charts: rates, round trips, shares, queues and what was missed, over time; each where the pattern has it."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.events import Click
from textual.visual import VisualType

from zmqtui.core.books.history import History
from zmqtui.core.books.moments import Past
from zmqtui.ui.drawn import changed
from zmqtui.ui.view import Key, Scene, View
from zmqtui.ui.views.axes import DIM
from zmqtui.ui.views.chart import Chart, Drawing, Frame
from zmqtui.ui.views.chart_table import whole
from zmqtui.ui.views.line_charts import Depth, Rates, Trips
from zmqtui.ui.views.missing_chart import Missing
from zmqtui.ui.views.plot import fitting
from zmqtui.ui.views.share_chart import Shares

KINDS: tuple[type[Chart], ...] = (Missing, Trips, Shares, Rates, Depth)
"""Every kind of chart; a pattern shows the first that it has first."""
SPANS = ((10.0, "last 10 s"), (60.0, "last minute"), (600.0, "last 10 minutes"), (0.0, "the whole run"))
LOW = 10
"""The least rows of a chart beside others."""


class Charts(View):
    """Counts and times over time."""

    NAME = "charts"
    KEY = "h"
    TITLE = "Charts"
    SIGNS = (("◀", "who got the most; beside the seconds: who worked the longest"),)
    SHARE = 2
    HELP = "Rates, round trips, shares and queues over time; again for the next chart."
    KEYS = (
        Key("plus", "zoom(-1)", "closer", "Show a shorter time"),
        Key("minus", "zoom(1)", "wider", "Show a longer time, up to the whole run"),
    )

    DEFAULT_CSS = """
    Charts { text-wrap: nowrap; text-overflow: clip; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._kinds: list[Chart] = []
        self._chart = 0
        self._alone = False
        self._columns = 0
        self._span = len(SPANS) - 1
        self._offset = 0
        self._content = Content("")
        self._seen: object = None
        self._scene: Scene | None = None
        self._still: dict[float, Past] = {}
        self._drawings: list[tuple[Chart, Drawing | None]] = []
        self._hits: dict[int, list[tuple[int, str]]] = {}

    def show(self, scene: Scene) -> None:
        """Draw what changed: a history has a new moment four times a second."""
        history, pattern = scene.history, scene.stage.pattern
        if not self._kinds:
            self._kinds = [chart for chart in (kind() for kind in KINDS) if chart.fits(pattern)]
        past = self._past(history, held=scene.index.held)
        shown = [each.name for each in scene.stage.instances]
        face = (self._chart, self._alone, self._span, self._offset, scene.index.held)
        now = (past.times[-1:], id(history), scene.selected, shown, self.content_size, face)
        self._scene = scene
        if now != self._seen:
            self._seen = now
            self._draw(scene, past)

    def _past(self, history: History, *, held: bool) -> Past:
        """Return the span to draw; while the views are held always the same."""
        if not held:
            self._still = {}
            return history.past(SPANS[self._span][0])
        if not self._still:
            self._still = {span: history.past(span) for span, _ in SPANS}
        return self._still[SPANS[self._span][0]]

    def _draw(self, scene: Scene, past: Past) -> None:
        width, height = self.content_size
        span, told = SPANS[self._span]
        told += " · ‖ held" if scene.index.held else ""
        whole = Frame(scene, past, span, (width - 10) * 2, self._offset)
        self._columns = self._together(whole, width, height)
        kinds = self._kinds if self._columns and not self._alone else [self._kinds[self._chart]]
        self._drawings = []
        self._hits = {}
        if len(kinds) == 1:
            rows = self._cell(whole, kinds[0], 0, 0, width, height, titled=False)
            number = self._kinds.index(kinds[0]) + 1
            what = ", ".join(filter(None, [kinds[0].TITLE.lower(), kinds[0].UNIT]))
            self.about = f"{number}/{len(self._kinds)} {what} · {told}"
        else:
            rows = self._grid(scene, past, kinds, self._columns, width, height)
            self.about = f"all {len(kinds)} · {told}"
        content = Content("\n").join(rows)
        if changed(self._content, content):
            self._content = content
            self.refresh()

    def _together(self, frame: Frame, width: int, height: int) -> int:
        """Return in how many columns there is room for all charts at once, or 0."""
        if len(self._kinds) < 2:
            return 0
        most = [kind.most(frame, height) for kind in self._kinds]
        needed = [min(rows, LOW) + 2 for rows in most]
        if sum(needed) <= height:
            return 1
        return 2 if len(most) > 2 and width >= 96 and height // (len(most) // 2 + len(most) % 2) >= LOW else 0

    def _grid(
        self, scene: Scene, past: Past, kinds: list[Chart], columns: int, width: int, height: int
    ) -> list[Content]:
        """Draw all charts; where their number is odd the first one takes a whole row."""
        lines: list[list[Chart]] = [[kind] for kind in kinds]
        if columns == 2:
            first = len(kinds) % 2
            pairs = [kinds[place : place + 2] for place in range(first, len(kinds), 2)]
            lines = [*([kinds[:1]] if first else []), *pairs]
        frames = [Frame(scene, past, SPANS[self._span][0], ((width + 2) // len(line) - 10) * 2) for line in lines]
        room = height // len(lines) - 2
        most = [
            max(kind.most(frame, room if len(line) == 1 else height) for kind in line)
            for line, frame in zip(lines, frames, strict=True)
        ]
        heights = _divide(height, [height if rows == room else rows for rows in most])
        rows: list[Content] = []
        for line, frame, high in zip(lines, frames, heights, strict=True):
            wide = (width + 2) // len(line) - 2
            top = len(rows)
            cells = [
                self._cell(frame, kind, place * (wide + 2), top, wide, high - 1, titled=True)
                for place, kind in enumerate(line)
            ]
            for parts in zip(*cells, strict=True):
                rows.append(Content("  ").join([part.pad_right(max(0, wide - part.cell_length)) for part in parts]))
            rows.append(Content(""))
        return rows[:height]

    def _cell(
        self, frame: Frame, kind: Chart, left: int, top: int, width: int, height: int, *, titled: bool
    ) -> list[Content]:
        """Draw one chart as exactly so many rows."""
        drawing = kind.draw(frame, width, max(4, height - 1)) if len(frame.times) > 1 else None
        self._drawings.append((kind, drawing))
        title = Content("")
        if titled:
            unit = (f" {kind.UNIT}  " if kind.UNIT else "  ", DIM)
            title = Content.assemble((kind.TITLE, "bold $foreground 80%"), unit)
        if drawing is None:
            middle = [Content("")] * ((height - 1) // 2)
            rows = [title, *middle, Content.styled(kind.EMPTY.center(width), DIM)]
        else:
            for row, name in drawing.hits.items():
                self._hits.setdefault(top + row + 1, []).append((left, name))
            head = Content.assemble(title, fitting(drawing.head, width - title.cell_length))
            rows = [head.truncate(width, ellipsis=True), *drawing.rows]
        return [*rows[:height], *[Content("")] * (height - len(rows))]

    def render(self) -> VisualType:
        """Return what was drawn last."""
        return self._content

    def on_click(self, event: Click) -> None:
        """Select the instance whose row was clicked."""
        found = [name for left, name in self._hits.get(event.y, []) if left <= event.x]
        if found:
            self.post_message(self.Selected(found[-1]))

    def turn(self) -> None:
        """Show the next chart; where there is room for all, after the last one all again."""
        self._offset = 0
        if self._columns and not self._alone:
            self._alone, self._chart = True, 0
            return
        self._chart = (self._chart + 1) % max(1, len(self._kinds))
        if self._columns and not self._chart:
            self._alone = False

    def page(self, step: int) -> None:
        """Scroll by `step` pages."""
        self._offset = max(0, self._offset + step)

    def action_zoom(self, step: int) -> None:
        """Show a longer time, or a shorter one."""
        self._span = max(0, min(len(SPANS) - 1, self._span + step))

    def copied(self) -> str:
        """Return the numbers of the charts on view, separated by tabs."""
        tables = []
        for kind, drawing in self._drawings:
            if drawing:
                rows = ["\t".join(row) for row in drawing.table]
                tables.append("\n".join([kind.TITLE, *rows]))
        return "\n\n".join(tables)

    def saved(self) -> tuple[str, str | Callable[[], str]] | None:
        """Return the whole history as a table of all counts."""
        scene = self._scene
        if scene is None or len((past := scene.history.past()).times) < 2:
            return None
        return f"{scene.stage.pattern.name}-charts.csv", lambda: whole(past)


def _divide(height: int, most: list[int]) -> list[int]:
    """Divide rows among charts; what one has no use for is the others'."""
    shares = [0] * len(most)
    for place in sorted(range(len(most)), key=lambda place: most[place]):
        left = sum(1 for share in shares if not share)
        # A title and an empty row besides.
        shares[place] = min(most[place] + 2, (height - sum(shares)) // left)
    return shares

"""Source text with line numbers and highlighting, and what is to be said beside its lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.events import Click
from textual.geometry import Size
from textual.highlight import HighlightTheme, highlight
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from zmqtui.ui.drawn import changed
from zmqtui.ui.strips import fitted

_BARS = " ▁▂▃▄▅▆▇█"
_HANGING = 8
"""Columns by which what goes on from a line that is too long is indented more."""
_LEAST = 22
"""Columns that a label has at least."""


class Page(NamedTuple):
    """What to list: a text, and the number of its first line."""

    text: str
    first: int = 1


class Note(NamedTuple):
    """What is to be said beside a line.

    Attributes:
        sign: One character in front of it.
        share: How long a bar to draw in front of it, 0 to 1.
        label: Returns what stands behind it, for so many columns.
    """

    sign: Content = Content("")
    share: float = 0.0
    label: Callable[[int], Content] | None = None


class _Row(NamedTuple):
    """A row of the screen: the number of its line, whether it begins or ends that, its code, where that ends."""

    line: int
    first: bool
    last: bool
    code: Strip
    end: int


class _Drawn(NamedTuple):
    """What stands beside a line: the bar, the sign and the label."""

    bar: str
    sign: Content
    label: Content


class _Colours(HighlightTheme):
    """Textual's, but calmer: the signs beside the lines are what should stand out."""

    STYLES = HighlightTheme.STYLES | {
        ("Keyword", "Constant"): "$text-accent",
        ("Keyword", "Namespace"): "$text-accent",
        ("Name",): "",
        ("Name", "Function"): "bold",
        ("Operator",): "",
        ("Operator", "Word"): "$text-accent",
    }


class Listing(ScrollView, can_focus=False):
    """Shows a page of source; keeps the line that was asked for in sight until it is scrolled away from."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"listing--number", "listing--bar", "listing--current"}
    DEFAULT_CSS = """
    Listing {
        width: 1fr;
        height: 1fr;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        overflow-x: hidden;
        text-wrap: nowrap;
        .listing--number { color: $foreground 40%; }
        .listing--bar { color: $primary 70%; }
        .listing--current { background: $primary 18%; }
    }
    """

    class Clicked(Message):
        """A line was clicked."""

        def __init__(self, line: int) -> None:
            self.line = line
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._page = Page("")
        self._made: tuple[Page, int, str] = (self._page, 0, "")
        self._rows: list[_Row] = []
        self._notes: Mapping[int, _Drawn] = {}
        self._current = 0
        self._following = True

    def show(self, page: Page, notes: Mapping[int, Note], current: int) -> None:
        """Draw what changed.

        Args:
            page: What to list.
            notes: What to say beside lines, by number.
            current: The line to emphasise and to keep in sight; 0 for none.
        """
        if page != self._page:
            self._page, self._following = page, True
            self.scroll_to(y=0, animate=False, immediate=True, force=True)
        self._lay_out()
        drawn = {line: self._draw(line, note) for line, note in notes.items()}
        lines = {line for line in {*drawn, *self._notes} if _differ(self._notes.get(line), drawn.get(line))}
        if current != self._current:
            lines |= {current, self._current}
        self._notes, self._current = drawn, current
        for place, row in enumerate(self._rows):
            if row.line in lines:
                self.refresh_line(place)
        if self._following:
            self._reveal()

    def follow(self) -> None:
        """Bring the current line in sight again."""
        self._following = True

    def page(self, step: int) -> None:
        """Scroll by `step` pages; follow again when the current line is in sight."""
        top = self.scroll_offset.y + step * max(1, self.size.height - 1)
        self.scroll_to(y=top, animate=False, immediate=True, force=True)
        top = max(0, min(top, self.max_scroll_y))
        self._following = any(
            row.line == self._current and top <= place < top + self.size.height for place, row in enumerate(self._rows)
        )

    def _reveal(self) -> None:
        places = [place for place, row in enumerate(self._rows) if row.line == self._current]
        height, top = self.size.height, self.scroll_offset.y
        if places and not (top <= places[0] and places[-1] < top + height):
            middle = (places[0] + places[-1] - height) // 2
            self.scroll_to(y=max(0, middle), animate=False, immediate=True, force=True)

    def on_click(self, event: Click) -> None:
        """Tell which line was clicked."""
        place = event.y + self.scroll_offset.y
        if place < len(self._rows):
            self.post_message(self.Clicked(self._rows[place].line))

    # Laying out.

    @property
    def _gutter(self) -> int:
        return len(str(self._page.first + self._page.text.count("\n"))) + 5

    def _lay_out(self) -> None:
        """Break the page into rows, if it, the width or the theme changed."""
        key = (self._page, self.size.width, self.app.theme)
        if key == self._made:
            return
        self._made, self._notes = key, {}
        self._rows = []
        width = max(10, self.size.width - self._gutter)
        code = highlight(self._page.text, language="python", theme=_Colours)
        # The end of an empty last line is not kept.
        lines = [*code.split("\n", allow_blank=True), *[Content("")] * self._page.text.endswith("\n")]
        for number, line in enumerate(lines, self._page.first):
            pieces = _pieces(line, width)
            for place, piece in enumerate(pieces):
                strip = self._strip(piece, width)
                first, last = place == 0, place == len(pieces) - 1
                self._rows.append(_Row(number, first, last, strip, min(piece.cell_length, width)))
        self.virtual_size = Size(0, len(self._rows))
        self.refresh()

    def _strip(self, content: Content, width: int) -> Strip:
        if not content.plain:
            return Strip.blank(0)
        return Visual.to_strips(self, content, width, 1, self.visual_style, apply_selection=False)[0]

    # Drawing.

    def _draw(self, line: int, note: Note) -> _Drawn:
        """Return the bar, the sign and the label of a line."""
        bar = _BARS[min(8, int(note.share * 8 + 0.99))]
        label = Content("")
        if note.label:
            width = self.size.width - self._gutter
            end = next((row.end for row in reversed(self._rows) if row.line == line), 0)
            # Where there is no room behind the code, the end of the code makes room.
            label = note.label(max(width - end - 3, min(_LEAST, width * 2 // 3)))
        return _Drawn(bar, note.sign, label)

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        width, base = self.size.width, self.rich_style
        place = y + self.scroll_offset.y
        if place >= len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[place]
        bar, sign, label = self._notes.get(row.line, _Drawn(" ", Content(""), Content("")))
        gutter = self._gutter
        number = f"{row.line:>{gutter - 4}} " if row.first else " " * (gutter - 3)
        parts = [
            Strip([Segment(number, self.get_component_rich_style("listing--number"))]),
            Strip([Segment(bar if row.first else " ", self.get_component_rich_style("listing--bar"))]),
            fitted(self._strip(sign, 1) if row.first else Strip.blank(0), 2, base),
        ]
        room = width - gutter
        if row.last and label.plain:
            behind = min(row.end + 2, room - label.cell_length)
            parts += [fitted(row.code, behind, base), self._strip(label, label.cell_length)]
        else:
            parts.append(row.code)
        strip = fitted(Strip.join(parts), width, base)
        if row.line == self._current:
            ground = Style(bgcolor=self.get_component_rich_style("listing--current").bgcolor)
            strip = Strip(Segment.apply_style(strip, post_style=ground), width)
        return strip


def _differ(before: _Drawn | None, after: _Drawn | None) -> bool:
    if before is None or after is None:
        return before is not after
    return before.bar != after.bar or changed(before.sign, after.sign) or changed(before.label, after.label)


def _pieces(line: Content, width: int) -> list[Content]:
    """Break a line that is too long between words; what goes on is indented more."""
    text = line.plain
    if len(text) <= width:
        return [line]
    indent = min(len(text) - len(text.lstrip()) + _HANGING, width // 2)
    pieces, start, room = [], 0, width
    while len(text) - start > room:
        cut = text.rfind(" ", start + room // 2, start + room) + 1 or start + room
        pieces.append(line[start:cut])
        start, room = cut, width - indent
    pieces.append(line[start:])
    return [pieces[0], *(Content.assemble(" " * indent, piece) for piece in pieces[1:])]

"""A sheet of rows that are made as they come into sight."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from zmqtui.core.frames.rows import Row
from zmqtui.ui.strips import fitted

_AHEAD = 8
"""Rows below those in sight that are made too, for the wheel to scroll to."""
_TONES = ("escape", "quiet", "key", "string", "number", "word", "wrong", "name", "note", "changed")


class Sheet(ScrollView, can_focus=False):
    """Shows rows, however many there are: those out of sight are not made."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"sheet--{tone}" for tone in _TONES}
    DEFAULT_CSS = """
    Sheet {
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        overflow-x: hidden;
        .sheet--escape { color: $tone-working; }
        .sheet--quiet { color: $foreground 45%; }
        .sheet--key { color: $role-0; }
        .sheet--string { color: $tone-received; }
        .sheet--number { color: $tone-lost; }
        .sheet--word { color: $tone-working; }
        .sheet--wrong { color: $tone-failed; }
        .sheet--name { color: $primary; text-style: bold; }
        .sheet--note { color: $foreground 60%; }
        .sheet--changed { background: $tone-waiting 30%; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []
        self._more: Iterator[Row] = iter(())
        self._styles: dict[tuple[str, bool], Style] = {}

    def put(self, rows: Iterator[Row]) -> None:
        """Show other rows, from the same place on if there are as many."""
        self._rows, self._more = [], rows
        self._fill(self.scroll_target_y)
        self.refresh()

    def page(self, step: int) -> None:
        """Scroll by `step` pages."""
        target = self.scroll_target_y + step * max(self.size.height - 1, 1)
        self._fill(target)
        self.scroll_to(y=target, animate=False)

    def _fill(self, top: float) -> None:
        """Make the rows in sight from `top` on, and some more, so that there is something to scroll to."""
        wanted = max(int(top), 0) + max(self.size.height, 1) + _AHEAD
        if len(self._rows) < wanted:
            self._rows += islice(self._more, wanted - len(self._rows))
        self.virtual_size = Size(0, len(self._rows))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Make what comes into sight."""
        super().watch_scroll_y(old_value, new_value)
        self._fill(new_value)

    def on_resize(self) -> None:
        """Make what comes into sight."""
        self._fill(self.scroll_target_y)
        self.refresh()

    def notify_style_update(self) -> None:
        """Look the styles up anew."""
        self._styles.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        width, base = self.size.width, self._style("", changed=False)
        place = y + self.scroll_offset.y
        if place >= len(self._rows):
            return Strip.blank(width, base)
        segments = [Segment(span.text, self._style(span.tone, changed=span.changed)) for span in self._rows[place]]
        strip = Strip(segments)
        if strip.cell_length > width > 0:
            strip = Strip([*strip.crop(0, width - 1), Segment("…", self._style("quiet", changed=False))])
        return fitted(strip, width, base)

    def _style(self, tone: str, *, changed: bool) -> Style:
        """Return a style; asking Textual for each span of each row would take longer than all the rest."""
        if style := self._styles.get((tone, changed)):
            return style
        style = self.get_component_rich_style(f"sheet--{tone}") if tone else self.rich_style
        if changed:
            mark = self.get_component_rich_style("sheet--changed")
            style += Style(bgcolor=mark.bgcolor, bold=mark.bold)
        self._styles[tone, changed] = style
        return style

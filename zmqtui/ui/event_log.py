"""A log: a window over the journal, drawn line by line, only what is on the screen."""

from __future__ import annotations

from bisect import bisect_left
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from zmqtui.core.journal import Event, skipped
from zmqtui.core.text import printable
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.signs import clock

_COLUMN = 13
"""Columns of a name."""
_MARKS = {
    "send": ("→", "sent"),
    "recv": ("←", "received"),
    "say": ("“", "said"),
    "state": ("◆", "quiet"),
    "error": ("!", "failed"),
    "link": ("╌", "quiet"),
    "note": ("*", "note"),
    "skipped": ("⋯", "quiet"),
    "lost": ("✗", "lost"),
}


class EventLog(ScrollView, can_focus=False):
    """Shows a journal, or one instance's part of it; follows the end until scrolled away from it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "event-log--time",
        "event-log--sent",
        "event-log--received",
        "event-log--said",
        "event-log--failed",
        "event-log--lost",
        "event-log--note",
        "event-log--quiet",
        "event-log--text",
        "event-log--picked",
        "event-log--role-0",
        "event-log--role-1",
        "event-log--role-2",
    }
    DEFAULT_CSS = """
    EventLog {
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        overflow-x: hidden;
        .event-log--time { color: $foreground 45%; }
        .event-log--sent { color: $tone-sent; }
        .event-log--received { color: $tone-received; }
        .event-log--said { color: $foreground 80%; }
        .event-log--failed { color: $tone-failed; text-style: bold; }
        .event-log--lost { color: $tone-lost; }
        .event-log--note { color: $tone-waiting; text-style: italic; }
        .event-log--quiet { color: $foreground 45%; }
        .event-log--text { color: $foreground; }
        .event-log--picked { background: $primary 30%; }
        .event-log--role-0 { color: $role-0; }
        .event-log--role-1 { color: $role-1; }
        .event-log--role-2 { color: $role-2; }
    }
    """

    empty: reactive[str] = reactive("")
    """What to say while there is nothing."""

    class Clicked(Message):
        """A line was clicked."""

        def __init__(self, number: int) -> None:
            self.number = number
            super().__init__()

    def __init__(self, index: EventIndex, *, id: str | None = None) -> None:  # noqa: A002
        """Make a log.

        Args:
            index: What there is to show.
            id: The widget's id.
        """
        super().__init__(id=id)
        self.roles: dict[str, int] = {}
        self._index = index
        self._instance = ""
        self._numbers = index.of("")
        self._gone = 0
        self._drawn = (0, -1)
        self._following = True
        self._marked: int | None = None

    def show(self, index: EventIndex, instance: str) -> None:
        """Draw what the index has taken in, of one instance or all; follow the end if it was in sight."""
        if instance != self._instance or index is not self._index:
            self._index, self._instance = index, instance
            self._numbers = index.of(instance)
            self._gone = index.gone(instance)
            self._following = self._marked is None
            self._drawn = (0, -1)
        ends = (len(self._numbers), self._numbers[-1] if self._numbers else -1)
        if ends == self._drawn:
            return
        gone, self._gone = index.gone(instance) - self._gone, index.gone(instance)
        self._drawn = ends
        self.virtual_size = Size(0, len(self._numbers))
        if self._following:
            self.scroll_end(animate=False, immediate=True, x_axis=False, force=True)
        elif gone:
            self.scroll_to(y=max(0, self.scroll_offset.y - gone), animate=False, immediate=True, force=True)
        self.refresh()

    def mark(self, number: int | None) -> None:
        """Mark a line and bring it in sight; None goes back to the end."""
        if number == self._marked:
            return
        self._marked = number
        if number is None:
            self._following = True
            self._drawn = (0, -1)
            return
        place = bisect_left(self._numbers, number)
        if not self.scroll_offset.y <= place < self.scroll_offset.y + self.size.height:
            middle = max(0, place - self.size.height // 2)
            self.scroll_to(y=middle, animate=False, immediate=True, force=True)
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Tell which line was clicked."""
        row = event.y + self.scroll_offset.y
        if row < len(self._numbers):
            self.post_message(self.Clicked(self._numbers[row]))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the end while it is in sight."""
        super().watch_scroll_y(old_value, new_value)
        self._following = new_value >= self.max_scroll_y

    def on_resize(self) -> None:
        """Keep the end in sight."""
        if self._following:
            self.scroll_end(animate=False, immediate=True, x_axis=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width, base = self.size.width, self.rich_style
        if not self._numbers:
            return self._blank(y, width, base)
        row = y + self.scroll_offset.y
        number = self._numbers[row] if row < len(self._numbers) else -1
        event = self._index.get(number)
        if event is None:
            return Strip.blank(width, base)
        strip = Strip(self._segments(event, width)).crop_extend(0, width, base)
        return strip.apply_style(self._style("picked")) if number == self._marked else strip

    def _blank(self, y: int, width: int, base: Style) -> Strip:
        lines = self.empty.split("\n")
        place = y - max(0, (self.size.height - len(lines)) // 2)
        if not 0 <= place < len(lines):
            return Strip.blank(width, base)
        style = self._style("said" if place else "text")
        return Strip([Segment(lines[place].center(width)[:width], style)]).crop_extend(0, width, base)

    def _segments(self, event: Event, width: int) -> list[Segment]:
        sign, tone = _MARKS[event.kind]
        style = self._style(tone)
        text, text_style = self._text(event, width), style
        if event.kind in ("send", "recv"):
            text_style = self._style("text")
        segments = [Segment(f" {clock(event.time)}  ", self._style("time"))]
        if not self._instance:
            role = self._style(f"role-{self.roles.get(event.instance, 0) % 3}")
            segments.append(Segment(f"{printable(event.instance, 14):<{_COLUMN}}  ", role))
        segments += [Segment(f"{sign} ", style), Segment(text, text_style)]
        if event.peer:
            way = "from" if event.kind == "recv" else "to"
            segments.append(Segment(f"  {way} {printable(event.peer, 40)}", self._style("time")))
        return segments

    def _text(self, event: Event, width: int) -> str:
        match event.kind:
            case "send" | "recv":
                return " │ ".join(printable(frame, width) if frame else "''" for frame in event.frames[:20])
            case "skipped":
                return f"{skipped(event)}, counted but not listed"
            case "lost":
                return f"{' │ '.join(printable(frame, width) for frame in event.frames[:20])}  {printable(event.text)}"
            case "say" | "error" | "state" | "link" | "note" | _:
                return printable(event.text, max(width, 20))

    def _style(self, tone: str) -> Style:
        return self.get_component_rich_style(f"event-log--{tone}")

"""A log: a window over lines of a journal, of which only those in sight are drawn."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.event_line import stamp
from zmqtui.ui.event_strips import Look, marked, strips
from zmqtui.ui.highlight import Highlight
from zmqtui.ui.strips import fitted

_KEPT = 400
"""Lines that are kept as they were drawn."""
_TONES = ("time", "sent", "received", "said", "failed", "lost", "note", "quiet", "text", "found", "picked")


class EventLog(ScrollView, can_focus=False):
    """Shows lines; follows the end until scrolled away from it.

    Its unit of scrolling is the event, so that nothing that is out of sight has to be measured.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"event-log--{tone}" for tone in _TONES),
        *(f"event-log--role-{rank}" for rank in range(3)),
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
        .event-log--found { background: $tone-waiting 35%; text-style: underline; }
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

    class Tired(Message):
        """What is highlighted takes too long to find; it was given up."""

    def __init__(self, index: EventIndex, *, id: str | None = None) -> None:  # noqa: A002
        """Make a log.

        Args:
            index: Where events are.
            id: The widget's id.
        """
        super().__init__(id=id)
        self._index = index
        self._lines: Sequence[int] = ()
        self._floor = 0
        self._look = Look()
        self._marked: int | None = None
        self._drawn: object = None
        # The number of the event at the top; None while the end is followed.
        self._top: int | None = None
        self._settling = False
        self._strips: dict[tuple[int, int], list[Strip]] = {}
        self._sheet: list[tuple[int, Strip]] | None = None
        self._ground: tuple[int, Style] | None = None
        self._styles: dict[str, Style] = {}
        self._highlight = Highlight(None)
        self._told = False

    def show(
        self,
        index: EventIndex,
        lines: Sequence[int],
        look: Look | None = None,
        *,
        first: int = 0,
        picked: int | None = None,
    ) -> None:
        """Draw lines.

        Args:
            index: Where their events are.
            lines: Their numbers in order; it may have grown and shrunk at both ends since it was shown before.
            look: How they are shown.
            first: The number of the first line that counts.
            picked: The number of the line that is marked and, when it is a new one, brought in sight; None goes
                back to the end.
        """
        look = look or Look()
        others = lines is not self._lines or index is not self._index or look != self._look
        moved = picked != self._marked
        floor = bisect_left(lines, first) if first else 0
        drawn = (len(lines), lines[0] if lines else -1, lines[-1] if lines else -1, floor)
        if not others and not moved and drawn == self._drawn:
            return
        if others:
            self._strips.clear()
            if look.query != self._look.query:
                self._highlight, self._told = Highlight(look.query), False
        self._index, self._lines, self._floor, self._look, self._drawn = index, lines, floor, look, drawn
        self._marked = picked
        self._highlight.rest()
        if moved and picked is None:
            self._top = None
        self._settle()
        if picked is not None and (moved or others):
            self._reveal(picked)

    def follow(self) -> None:
        """Go back to the end and follow it."""
        self._top = None
        self._settle()

    @property
    def in_sight(self) -> list[int]:
        """The numbers of the lines in sight."""
        return list(dict.fromkeys(number for number, _ in self._rows()))

    # Where it stands. A place is counted from the first line that counts.

    @property
    def _count(self) -> int:
        # The lines can have been let go since they were shown.
        return max(0, len(self._lines) - self._floor)

    def _place(self, number: int) -> int:
        return max(bisect_left(self._lines, number) - self._floor, 0)

    def _number(self, place: int) -> int:
        return self._lines[self._floor + place]

    @property
    def _end(self) -> int:
        """The place of the first line that is in sight as a whole when the last one is at the bottom."""
        height, count = max(self.size.height, 1), self._count
        if not self._look.wrapped:
            return max(0, count - height)
        used = whole = 0
        while whole < count and (used := used + len(self._strips_of(count - 1 - whole))) <= height:
            whole += 1
        return count - max(whole, 1) if count else 0

    def _settle(self) -> None:
        """Stand where the end or the line at the top is now."""
        end = self._end
        self._grow(end + self.size.height if end else min(self._count, self.size.height))
        self._settling = True
        self.scroll_target_y = self.scroll_y = end if self._top is None else min(self._place(self._top), end)
        self._settling = False
        self._draw_anew()

    def _grow(self, height: int) -> None:
        size, bar = Size(0, height), height > self.size.height
        if bar != self.show_vertical_scrollbar:
            self.virtual_size = size
        elif size != self.virtual_size:
            # To set it is to have the whole screen laid out anew, though nothing but the bar changes.
            self.set_reactive(Widget.virtual_size, size)
            if bar:
                self.vertical_scrollbar.window_virtual_size = height

    def _reveal(self, number: int) -> None:
        """Bring a line in sight, or where it would be; it stays where it is if it is in sight already."""
        if not self._count:
            return
        if self._top is None:
            self._top = self._number(min(self.scroll_offset.y, self._count - 1))
            self._settle()
        place = min(self._place(number), self._count - 1)
        height = len(self._strips_of(place))
        if [shown for shown, _ in self._rows()].count(self._number(place)) == height:
            return
        room = (self.size.height - height) // 2
        while place and (room := room - len(self._strips_of(place - 1))) >= 0:
            place -= 1
        self._top = self._number(min(place, self._end))
        self._settle()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stay at the line that is at the top now, or follow the end while it is in sight."""
        super().watch_scroll_y(old_value, new_value)
        if not self._settling:
            place = round(new_value)
            self._top = None if new_value >= self.max_scroll_y else self._number(min(place, self._count - 1))
            self._draw_anew()

    def on_resize(self) -> None:
        """Stay at the end, and at the line that is marked."""
        self._strips.clear()
        self._settle()
        if self._marked is not None:
            self._reveal(self._marked)

    def on_click(self, event: Click) -> None:
        """Tell which line was clicked."""
        shown = self._rows()
        if event.y < len(shown):
            self.post_message(self.Clicked(shown[event.y][0]))

    # Drawing.

    @property
    def _room(self) -> Size:
        """The room beside the scroll bar."""
        return self.scrollable_content_region.size

    @property
    def _paper(self) -> tuple[int, Style]:
        """The width and the style of a row; to ask for them for every row takes longer than to draw it."""
        if self._ground is None:
            self._ground = self._room.width, self.rich_style
        return self._ground

    def notify_style_update(self) -> None:
        """Draw in the colours that there are now."""
        super().notify_style_update()
        self._strips.clear()
        self._styles.clear()
        self._sheet = self._ground = None

    def _draw_anew(self) -> None:
        self._sheet = self._ground = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        if not self._count:
            return self._blank(y, self._room.width, self.rich_style)
        shown = self._rows()
        if y >= len(shown):
            return Strip.blank(*self._paper)
        number, strip = shown[y]
        return marked(strip, self._style) if number == self._marked else strip

    def _blank(self, y: int, width: int, base: Style) -> Strip:
        lines = self.empty.split("\n")
        place = y - max(0, (self.size.height - len(lines)) // 2)
        if not 0 <= place < len(lines):
            return Strip.blank(width, base)
        style = self._style("said" if place else "text")
        return fitted(Strip([Segment(lines[place].center(width)[:width], style)]), width, base)

    def _rows(self) -> list[tuple[int, Strip]]:
        """Return the rows in sight, each with its line's number."""
        if self._sheet is None:
            height, end, first = self.size.height, self._end, self.scroll_offset.y
            sheet: list[tuple[int, Strip]] = []
            if end and self._top is None:
                place = self._count
                while place and len(sheet) < height:
                    place -= 1
                    sheet[:0] = [(self._number(place), strip) for strip in self._strips_of(place)]
                sheet = sheet[-height:]
            else:
                place = first
                while place < self._count and len(sheet) < height:
                    sheet += [(self._number(place), strip) for strip in self._strips_of(place)]
                    place += 1
            self._sheet = sheet[:height]
        return self._sheet

    def _strips_of(self, place: int) -> list[Strip]:
        """Return a line as it is drawn, wrapped if it is."""
        number = self._number(place)
        before = self._number(place - 1) if place and self._look.times == "line" else -1
        drawn = self._strips.get((number, before))
        if drawn is None:
            if len(self._strips) > _KEPT:
                self._strips.clear()
            drawn = self._strips[number, before] = self._draw(number, before)
        return drawn

    def _draw(self, number: int, before: int) -> list[Strip]:
        look, event = self._look, self._index.get(number)
        if event is None:
            return [Strip.blank(*self._paper)]
        when = stamp(event, look.times, look.start, self._index.get(before) if before >= 0 else None)
        spans = self._highlight.spans(event)
        if self._highlight.tired and not self._told:
            self._told = True
            self.post_message(self.Tired())
        size = Size(self._paper[0], self.size.height)
        return strips(event, when, look, size, spans, self._style)

    def _style(self, tone: str) -> Style:
        """Return a style; Textual forgets them all at every frame."""
        if not tone:
            return self._paper[1]
        if tone not in self._styles:
            self._styles[tone] = self.get_component_rich_style(f"event-log--{tone}")
        return self._styles[tone]

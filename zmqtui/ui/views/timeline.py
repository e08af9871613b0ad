"""What happened to the connections, one line each, the newest at the bottom; only what is in sight is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from zmqtui.core.journal import Event, Journal
from zmqtui.core.text import printable
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.event_line import MARKS, cut, says
from zmqtui.ui.signs import clock
from zmqtui.ui.strips import fitted
from zmqtui.ui.views.happenings import Happenings, Rows, gap, is_outside

SIGNS: Final = {
    "listening": ("●", "good"),
    "accepted": ("→", "quiet"),
    "connecting": ("→", "quiet"),
    "connected": ("⇄", "good"),
    "handshake": ("⇄", "good"),
    "disconnected": ("✕", "lost"),
    "retried": ("↻", "waiting"),
    "refused": ("!", "bad"),
    "closed": ("✕", "quiet"),
    "": ("⋯", "quiet"),
}
"""The sign and the tone of what can happen to a connection."""
_MESSAGES: Final = {"sent": "sent", "received": "good", "lost": "lost"}
_GAP: Final = 10
_WIDE: Final = 70
"""Columns from which there is room for the hour."""


class Timeline(ScrollView, can_focus=False):
    """Shows what happened to connections; follows the end until scrolled away from it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"timeline--{name}"
        for name in (
            "time", "text", "quiet", "good", "waiting", "lost", "bad", "sent", "outside", "picked", "role-0",
            "role-1", "role-2",
        )
    }  # fmt: skip
    DEFAULT_CSS = """
    Timeline {
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        overflow-x: hidden;
        .timeline--time { color: $foreground 50%; }
        .timeline--text { color: $foreground; }
        .timeline--quiet { color: $foreground 60%; }
        .timeline--good { color: $tone-received; }
        .timeline--waiting { color: $tone-waiting; }
        .timeline--lost { color: $tone-lost; }
        .timeline--bad { color: $tone-failed; text-style: bold; }
        .timeline--sent { color: $tone-sent; }
        .timeline--outside { color: $tone-working; text-style: bold; }
        .timeline--picked { background: $primary 30%; }
        .timeline--role-0 { color: $role-0; }
        .timeline--role-1 { color: $role-1; }
        .timeline--role-2 { color: $role-2; }
    }
    """

    class Clicked(Message):
        """A line was clicked."""

        def __init__(self, event: Event, number: int) -> None:
            self.event = event
            self.number = number
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self.happenings = Happenings()
        self.ranks: Mapping[str, int] = {}
        self.short: Mapping[str, str] = {}
        self.selected = ""
        self._index = EventIndex(Journal())
        self._own = ""
        self._rows = Rows([], [])
        self._drawn: tuple[object, ...] = ()
        self._first = -1
        self._picked: int | None = None
        self._following = True
        self._window: dict[int, int] = {}

    def show(self, index: EventIndex, own: str, picked: int | None) -> None:
        """Take in what is new and draw what is in sight of it.

        Args:
            index: The events.
            own: The instance whose connections and messages are wanted; nothing for everybody's connections.
            picked: The event that is picked.
        """
        self._index = index
        self.happenings.pull(index)
        rows = self.happenings.rows(index, own)
        turned, first = own != self._own, rows.ends()[0]
        gone = self._rows.before(first) if not turned and first > self._first >= 0 else 0
        drawn = (own, len(rows), rows.ends(), picked, self.selected, self.size.width)
        if drawn == self._drawn:
            return
        if own != self._own or (picked is None and self._picked is not None):
            self._following = True
        repicked = picked is not None and (picked != self._picked or turned)
        self._drawn, self._rows, self._own, self._picked, self._first = drawn, rows, own, picked, first
        self.virtual_size = Size(0, len(rows))
        if repicked and picked is not None:
            self._following = False
            self._bring(rows.before(picked))
        elif self._following:
            self.scroll_end(animate=False, immediate=True, x_axis=False, force=True)
        elif gone:
            self.scroll_to(y=max(0, self.scroll_offset.y - gone), animate=False, immediate=True, force=True)
        self._window.clear()
        self.refresh()

    def __len__(self) -> int:
        return len(self._rows)

    def _bring(self, row: int) -> None:
        if not self.scroll_offset.y <= row < self.scroll_offset.y + self.size.height:
            middle = max(0, row - self.size.height // 2)
            self.scroll_to(y=middle, animate=False, immediate=True, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the end while it is in sight."""
        super().watch_scroll_y(old_value, new_value)
        self._following = new_value >= self.max_scroll_y
        self._window.clear()

    def on_resize(self) -> None:
        """Keep the end in sight."""
        if self._following:
            self.scroll_end(animate=False, immediate=True, x_axis=False, force=True)

    def on_click(self, event: Click) -> None:
        """Tell which line was clicked."""
        number = self._number(event.y + self.scroll_offset.y)
        clicked = self._index.get(number)
        if clicked:
            self.post_message(self.Clicked(clicked, number))

    def _number(self, row: int) -> int:
        """Return the number of the event in a row; -1 past the end."""
        if row not in self._window:
            top = max(0, self.scroll_offset.y - 1)
            numbers = self._rows.window(top, self.size.height + 2)
            self._window = dict(enumerate(numbers, top))
        return self._window.get(row, -1)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width, base = self.size.width, self.rich_style
        row = y + self.scroll_offset.y
        number = self._number(row)
        event = self._index.get(number)
        if event is None:
            return Strip.blank(width, base)
        before = self._index.get(self._number(row - 1)) if self._own and row else None
        # The last column is the scrollbar's.
        strip = fitted(Strip(self._segments(event, before, width - 1)), width, base)
        return strip.apply_style(self._tone("picked")) if number == self._picked else strip

    def _segments(self, event: Event, before: Event | None, width: int) -> list[Segment]:
        sign, tone = sign_of(event)
        mark, quiet = self._tone(tone), self._tone("time")
        # The hour is known: where there is little room it goes.
        segments = [Segment(f" {clock(event.time)[0 if width >= _WIDE else 3 :]} ", quiet)]
        if self._own:
            segments.append(Segment(f"{gap(event, before):>{_GAP}}  ", quiet))
        else:
            longest = min(max(map(cell_len, self.ranks), default=8), 13)
            role = self._tone(f"role-{self.ranks.get(event.instance, 0) % 3}")
            if event.instance == self.selected:
                role += Style(bold=True, underline=True)
            name = cut(printable(event.instance), longest)
            segments += [Segment(" ", quiet), Segment(name, role), Segment(" " * (longest - cell_len(name) + 1), quiet)]
        segments.append(Segment(f"{sign} ", mark))
        text = cut(self.text_of(event, width), width - sum(cell_len(segment.text) for segment in segments))
        peer = f"outside {self.short_of(event.peer)}" if is_outside(event.peer) else ""
        style = mark if tone in ("bad", "lost", "waiting") or event.kind == "monitor" else self._tone("text")
        if peer and peer in text:
            head, _, tail = text.partition(peer)
            return [*segments, Segment(head, style), Segment(peer, self._tone("outside")), Segment(tail, style)]
        return [*segments, Segment(text, style)]

    def short_of(self, address: str) -> str:
        """Return an address of a peer's as short as it can be told."""
        return printable(address, 60).removeprefix("127.0.0.1")

    def text_of(self, event: Event, width: int) -> str:
        """Return what happened, with addresses as short as they can be told."""
        if event.kind not in ("link", "monitor"):
            return says(event, width)
        text = event.text
        for address, short in self.short.items():
            text = text.replace(address, short)
        text = printable(text, 300).replace("tcp://127.0.0.1:", ":").replace("127.0.0.1:", ":").removeprefix("a peer ")
        if is_outside(event.peer) and "outside" not in text and event.what != "closed":
            text += f", outside {self.short_of(event.peer)}"
        return text

    def lines(self, most: int) -> str:
        """Return the newest lines as text."""
        start = max(0, len(self._rows) - most)
        events = [self._index.get(number) for number in self._rows.window(start, most)]
        return "\n".join(
            f"{clock(event.time)}  {event.instance:<13}  {sign_of(event)[0]} {self.text_of(event, 200)}"
            for event in events
            if event
        )

    def _tone(self, tone: str) -> Style:
        return self.get_component_rich_style(f"timeline--{tone}")


def sign_of(event: Event) -> tuple[str, str]:
    """Return the sign and the tone of an event."""
    if event.kind in ("link", "monitor"):
        return SIGNS.get(event.what, SIGNS[""])
    sign, tone = MARKS.get(event.kind, MARKS["note"])
    return sign, _MESSAGES.get(tone, "quiet")

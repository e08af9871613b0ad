"""A log's lines as they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from zmqtui.core.journal import Event
from zmqtui.ui.event_line import Piece, rows
from zmqtui.ui.search import Query
from zmqtui.ui.strips import fitted

Styles = Callable[[str], Style]
"""Returns the style of a tone; of no tone, that of the log."""


@dataclass(frozen=True)
class Look:
    """How a log shows its lines.

    Attributes:
        named: Whether a line says whose it is.
        wrapped: Whether long lines are wrapped, or cut.
        times: One of `event_line.TIMES`.
        start: The moment that counts as the start of the run.
        query: What is highlighted.
        roles: The place of each instance's role in the pattern, for its colour.
    """

    named: bool = True
    wrapped: bool = False
    times: str = "clock"
    start: float = 0.0
    query: Query | None = None
    roles: Mapping[str, int] = field(default_factory=dict)


def strips(
    event: Event, when: str, look: Look, size: Size, spans: Sequence[tuple[int, int]], style: Styles
) -> list[Strip]:
    """Draw an event.

    Args:
        event: The event.
        when: Its time, as it is shown.
        look: How.
        size: The room there is; a line that is wrapped has no more rows than that.
        spans: What of its text is highlighted.
        style: The styles.
    """
    base, most = style(""), size.height if look.wrapped else 1
    role = f"role-{look.roles.get(event.instance, 0) % 3}"
    drawn = rows(event, when, size.width, named=look.named, most=most, whole=bool(spans))
    lines = []
    for row in drawn:
        segments: list[Segment] = []
        for piece in row:
            own = style(role if piece.tone == "name" else piece.tone)
            segments += _lit(piece, own, spans, style) if spans and piece.start >= 0 else [Segment(piece.text, own)]
        lines.append(fitted(Strip(segments), size.width, base))
    return lines


def _lit(piece: Piece, own: Style, spans: Sequence[tuple[int, int]], style: Styles) -> list[Segment]:
    """Return a piece with what was found in it highlighted."""
    found = own + Style(bgcolor=style("found").bgcolor, underline=True)
    segments, done = [], 0
    for edges in spans:
        first, last = (min(max(edge - piece.start, done), len(piece.text)) for edge in edges)
        if first < last:
            segments += [Segment(piece.text[done:first], own), Segment(piece.text[first:last], found)]
            done = last
    return [*segments, Segment(piece.text[done:], own)]


def marked(strip: Strip, style: Styles) -> Strip:
    """Return a row of a line that is marked, so that it can be told without colour too."""
    ground = Style(bgcolor=style("picked").bgcolor)
    bar = Segment("▌", style("sent") + ground)
    # What was found keeps its own ground.
    found = style("found").bgcolor
    rest = [
        Segment(text, own if own and own.bgcolor == found else (own or Style()) + ground)
        for text, own, _ in strip.crop(1)
    ]
    return Strip([bar, *rest], strip.cell_length)

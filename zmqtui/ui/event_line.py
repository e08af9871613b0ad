"""What a log's line says of an event: its text, its pieces with their tones, and how it is wrapped or cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len, set_cell_size

from zmqtui.core.journal import LOST, RECEIVED, Event, skipped
from zmqtui.core.text import printable
from zmqtui.ui.signs import clock

LONGEST: Final = 2_000
"""Characters of an event that a line shows and that are searched; the Messages view has every byte."""
FRAMES: Final = 20
"""Frames of a message that a line shows."""
TIMES: Final = ("clock", "start", "line")
"""Ways to write a line's time: of the day, since the start of the run, since the line before."""
NAME: Final = 13
"""Columns of a name."""
STAMP: Final = 12
"""Columns of a time."""
MARKS: Final = {
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
"""Each kind's sign and tone."""


class Piece(NamedTuple):
    """A part of a line in one tone.

    Attributes:
        text: What it says.
        tone: Its tone.
        start: Where in the event's text it begins; -1 for what is no part of that.
    """

    text: str
    tone: str
    start: int = -1


Row = list[Piece]


def says(event: Event, limit: int = LONGEST) -> str:
    """Return what happened, in at most about `limit` printable characters."""
    match event.kind:
        case "send" | "recv":
            return _frames(event.frames, limit)
        case "skipped":
            return f"{skipped(event)}, counted but not listed"
        case "lost":
            return f"{_frames(event.frames, limit)}  {printable(event.text, limit)}"
        case _:
            return printable(event.text, limit)


def _frames(frames: Sequence[bytes], limit: int) -> str:
    if len(frames) == 1:
        return printable(frames[0], limit) or "''"
    shown: list[str] = []
    for frame in frames[:FRAMES]:
        shown.append(printable(frame, limit) if frame else "''")
        limit -= len(shown[-1])
        if limit <= 0:
            break
    if len(shown) < len(frames):
        shown.append(f"… {len(frames) - len(shown):,} more frames")
    return " │ ".join(shown)


def _ends(event: Event) -> str:
    """Return who was at the other end."""
    if not event.peer or event.kind == "link":
        return ""
    return f"  {'from' if event.kind in (RECEIVED, LOST) else 'to'} {printable(event.peer, 40)}"


def text_of(event: Event) -> str:
    """Return all that is searched of an event: who, what, and who was at the other end."""
    return f"{event.instance} {MARKS.get(event.kind, MARKS['note'])[0]} {says(event)}{_ends(event)}"


def stamp(event: Event, times: str, start: float, before: Event | None) -> str:
    """Write an event's time.

    Args:
        event: The event.
        times: One of `TIMES`.
        start: The moment that counts as the start of the run.
        before: The event of the line before.
    """
    if times == "clock":
        return clock(event.time)
    if times == "start":
        return f"{event.time - start:{STAMP},.3f}"
    return f"{event.time - before.time:+{STAMP},.6f}" if before else " " * STAMP


def plain(event: Event, when: str) -> str:
    """Return an event's whole line as text, as it is copied and saved."""
    sign = MARKS.get(event.kind, MARKS["note"])[0]
    return f"{when}  {event.instance:<{NAME}}  {sign} {says(event)}{_ends(event)}"


def rows(event: Event, when: str, width: int, *, named: bool, most: int, whole: bool) -> list[Row]:
    """Lay an event out.

    Args:
        event: The event.
        when: Its time, as `stamp` writes it.
        width: Columns there are.
        named: Whether to say whose it is.
        most: The most rows; 1 cuts the text where the row ends.
        whole: Whether the pieces must be as long as what is searched, though more of it is cut.
    """
    sign, tone = MARKS.get(event.kind, MARKS["note"])
    begin = len(event.instance) + 1
    head = [Piece(f" {when}  ", "time")]
    if named:
        name = cut(printable(event.instance), NAME)
        head += [Piece(name, "name", 0), Piece(" " * (NAME + 2 - cell_len(name)), "name")]
    head += [Piece(f"{sign} ", tone, begin)]
    indent = len(when) + 5 + (NAME + 2 if named else 0)
    room = max(width - indent, 8)
    what = says(event, LONGEST if whole or most > 1 else room + 1)
    ends = _ends(event)
    body = Piece(what, "text" if event.kind in ("send", "recv") else tone, begin + 2)
    tail = Piece(ends, "time", begin + 2 + len(what))
    if most <= 1:
        left = room - len(ends)
        # Who is at the other end is worth more than the end of a long text, but not more than its beginning.
        if left < min(len(what), room * 2 // 3):
            return [[*head, body._replace(text=cut(what + ends, room))]]
        return [[*head, body._replace(text=cut(what, left)), tail]]
    folded: list[Row] = []
    for first, last in folds(what + ends, room):
        if len(folded) == most:
            folded[-1][-1] = folded[-1][-1]._replace(text=cut(folded[-1][-1].text + "…", room))
            break
        parts = [_part(body, 0, first, last), _part(tail, len(what), first, last)]
        lead = [Piece(" " * indent, "time")] if folded else head
        folded.append([*lead, *(part for part in parts if part.text)])
    return folded


def _part(piece: Piece, place: int, first: int, last: int) -> Piece:
    """Return what of a piece, which begins at `place`, lies between two places."""
    first, last = max(first - place, 0), max(last - place, 0)
    return piece._replace(text=piece.text[first:last], start=piece.start + first)


def cut(text: str, width: int) -> str:
    """Cut a text that is too wide, and say so."""
    if len(text) <= width and (text.isascii() or cell_len(text) <= width):
        return text
    text = text[: width * 4]
    if text.isascii():
        return f"{text[: width - 1]}…"
    return text if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"


def folds(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield where each row of a text begins and ends when it is wrapped, after a blank where there is one."""
    if not text:
        yield 0, 0
    start = 0
    while start < len(text):
        end = _fitting(text, start, width)
        if end < len(text):
            blank = text.rfind(" ", start + width // 2, end)
            end = blank + 1 if blank > 0 else end
        yield start, end
        start = end


def _fitting(text: str, start: int, width: int) -> int:
    """Return where the longest part of a text from `start` on that is at most `width` columns wide ends."""
    end = min(start + width, len(text))
    if text[start:end].isascii():
        return end
    room = width
    for place in range(start, len(text)):
        room -= cell_len(text[place])
        if room < 0:
            # At least one character: a row must take something.
            return max(place, start + 1)
    return len(text)


def written(events: Sequence[Event], times: str, start: float) -> str:
    """Return whole lines of events as text, with times as `stamp` writes them."""
    before = [None, *events[:-1]]
    return "\n".join(
        plain(event, stamp(event, times, start, earlier)) for event, earlier in zip(events, before, strict=False)
    )

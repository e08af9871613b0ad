"""The two lines above a message, and what is said while there is none."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from textual.content import Content

from zmqtui.core.journal import RECEIVED
from zmqtui.core.text import printable
from zmqtui.ui.signs import clock, duration
from zmqtui.ui.view import Scene
from zmqtui.ui.views.seen import Seen

_SIGNS: Final = {"send": ("→", "$tone-sent"), "recv": ("←", "$tone-received"), "lost": ("✗", "$tone-lost")}
_DIM: Final = "$foreground 60%"


def head(scene: Scene, seen: Seen, width: int, *, comparing: bool) -> Content:
    """Say who, where and when, how much it is, and how it differs from the one before if that is asked."""
    first = _line(_who(scene, seen), Content.styled(clock(seen.event.time), _DIM), width)
    which = _which(scene, seen, width)
    what, earlier = _what(seen, comparing), _earlier(seen, comparing)
    if what.cell_length + earlier.cell_length + 2 + which.cell_length <= width:
        what = Content.assemble(what, earlier)
    return Content("\n").join([first, _line(what, which, width)])


def nothing(scene: Scene) -> Content:
    """Say why there is no message, and what to do about it."""
    if scene.picked is not None and scene.index.get(scene.picked) is None:
        first = "This message was forgotten: there is room for the newest events only."
        second = "← → picks another, end follows the newest."
    elif scene.index.messages(""):
        first = f"{printable(scene.selected, 40)} has sent and received nothing yet."
        second = "↑ ↓ selects another."
    elif scene.stage.running:
        first = "No messages yet: nobody has sent anything."
        second = "Each frame of the newest will be here; ← → steps through them."
    else:
        first = "No messages yet: space starts it."
        second = "Each frame will be here: envelope, topic, body."
    return Content.assemble(first, "\n", (second, _DIM))


def _who(scene: Scene, seen: Seen) -> Content:
    event = seen.event
    sign, tone = _SIGNS[event.kind]
    name = (printable(event.instance, 40), f"bold $role-{scene.ranks.get(event.instance, 0) % 3}")
    where = (f"  {seen.seat.socket}" if seen.seat.socket else "", _DIM)
    way = "from" if event.kind == RECEIVED else "to"
    peer = (f"  {way} {printable(event.peer, 60)}" if event.peer else "", _DIM)
    return Content.assemble(name, (f" {sign} ", f"bold {tone}"), printable(event.endpoint, 60), where, peer)


def _what(seen: Seen, comparing: bool) -> Content:
    event = seen.event
    what = f"{_count(len(event.frames), 'frame')}, {_count(seen.size, 'byte')}"
    if event.text:
        what += f" · {printable(event.text)}"
    if not comparing:
        return Content(what)
    if seen.before is None:
        return Content.assemble(what, (" · the first of its kind here", _DIM))
    tone = _DIM if seen.difference.startswith("the same") else "$tone-waiting"
    return Content.assemble(what, (" · ", _DIM), (f"{seen.difference} the one before", tone))


def _earlier(seen: Seen, comparing: bool) -> Content:
    if not comparing or seen.before is None:
        return Content("")
    return Content.styled(f", {duration(max(0.0, seen.event.time - seen.before.time))} earlier", _DIM)


def _which(scene: Scene, seen: Seen, width: int) -> Content:
    numbers = scene.index.messages(seen.event.instance)
    place = bisect_left(numbers, seen.number) + 1
    noun = "message " if width > 90 else ""
    return Content.styled(f"{noun}{place:,} of {len(numbers):,}", "$foreground 80%")


def _line(left: Content, right: Content, width: int) -> Content:
    """Set two things at the ends of a line; the left one gives way."""
    room = max(width - right.cell_length - 2, 0)
    left = left.truncate(room, ellipsis=True) if left.cell_length > room else left
    return Content.assemble(left, " " * max(width - left.cell_length - right.cell_length, 0), right)


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("s" if count != 1 else "")

"""The connections as they stand, one line each: who listens where, who is connected to whom, who tries in vain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from zmqtui.core.text import printable
from zmqtui.core.watch import ConnectionView, StageView, names
from zmqtui.ui.signs import clock, place

_SIGNS: Final = {
    "listening": ("●", "$tone-received"),
    "connected": ("⇄", "$tone-received"),
    "handshake": ("→", "$tone-waiting"),
    "connecting": ("↻", "$tone-waiting"),
    "refused": ("!", "$tone-failed"),
}
_URGENT: Final = ("refused", "connecting", "handshake", "connected", "listening")
_DIM: Final = "$foreground 60%"


class Line(NamedTuple):
    """A line of the table.

    Attributes:
        sign: Its sign.
        tone: The sign's tone.
        name: Whose socket.
        socket: The socket's type.
        text: What of it.
        outside: The peer's address, if it is outside.
        since: Since when; 0 where that means nothing.
    """

    sign: str
    tone: str
    name: str
    socket: str
    text: str
    outside: str = ""
    since: float = 0.0


def lines(stage: StageView, connections: Sequence[ConnectionView], selected: str, most: int) -> list[Line]:
    """Return the table's lines, at most `most`: first what is selected or in trouble where there is no room for all."""
    found: list[Line] = []
    told: list[tuple[tuple[bool, int], Line]] = []
    for name, address in stage.addresses.items():
        here = [each for each in connections if each.endpoint == name]
        binders = [each for each in here if each.binds and each.state == "listening"]
        if address.startswith("inproc:"):
            found += _inproc(stage, name, address)
            continue
        found += [_listens(name if len(stage.addresses) > 1 else "", each) for each in binders]
        if not binders:
            found.append(Line("○", _DIM, "", "", f"{name}: nobody here listens at {place(address)}"))
        told += [_told(each, selected) for each in here if _listed(each)]
    known = set(stage.addresses)
    told += [_told(each, selected) for each in connections if each.endpoint not in known and _listed(each)]
    room = most - len(found)
    if len(told) > room:
        told.sort(key=lambda each: each[0])
        left = len(told) - max(room - 1, 0)
        return [*found, *(line for _, line in told[: max(room - 1, 0)]), Line("⋯", _DIM, "", "", f"and {left:,} more")]
    return [*found, *(line for _, line in told)]


def _listed(connection: ConnectionView) -> bool:
    """Tell whether a connection has a line: one between two of the stage's has two ends and is listed once."""
    return not connection.binds or (connection.state != "listening" and (connection.outside or not connection.peer))


def _told(connection: ConnectionView, selected: str) -> tuple[tuple[bool, int], Line]:
    order = (selected not in (connection.instance, connection.peer), _URGENT.index(connection.state))
    return order, _line(connection)


def _listens(endpoint: str, connection: ConnectionView) -> Line:
    text = f"listens at {place(connection.address)}{': ' if endpoint else ''}{endpoint}"
    return Line(*_SIGNS["listening"], connection.instance, connection.socket, text, since=connection.since)


def _line(each: ConnectionView) -> Line:
    sign, tone = _SIGNS[each.state]
    outside = each.peer.removeprefix("127.0.0.1") if each.outside and each.peer else ""
    where = place(each.address)
    match each.state:
        case "connected":
            text = "with " + (f"outside {outside}" if outside else each.peer or "one of this program")
        case "handshake":
            text = f"{f'outside {outside}' if outside else each.peer or where}: connected, but no handshake yet"
        case "refused":
            text = f"{each.reason}; libzmq does not try again"
        case _:
            text = f"{where}: {_trying(each)}"
            outside = ""
    return Line(sign, tone, each.instance, each.socket, text, outside, each.since)


def _trying(each: ConnectionView) -> str:
    tried = f"tries again, {each.retries:,} times so far" if each.retries else "connecting"
    return f"{tried}: {each.reason}" if each.reason else tried


def _inproc(stage: StageView, endpoint: str, address: str) -> list[Line]:
    binder = stage.pattern.endpoint(endpoint).bind.role
    there = [each for each in stage.instances if endpoint in each.connected and each.role != binder]
    asked = f"asked for it: {names(there, 4)}" if there else "nobody asked for it"
    sign, tone = _SIGNS["connected"] if there else ("○", _DIM)
    return [Line("●", _DIM, "", "", f"{endpoint} at {place(address)}"), Line(sign, tone, "", "", asked)]


def draw(table: Sequence[Line], width: int, selected: str, ranks: Mapping[str, int]) -> Content:
    """Draw the table's lines, each cut where the room ends."""
    longest = min(max((cell_len(line.name) for line in table), default=0), 13)
    drawn = [_draw(line, width, longest, selected, ranks) for line in table]
    return Content("\n").join(drawn)


def _draw(line: Line, width: int, longest: int, selected: str, ranks: Mapping[str, int]) -> Content:
    since = f"  {clock(line.since)}" if line.since and width >= 50 else ""
    parts: list[str | Content | tuple[str, str]] = [(f" {line.sign} ", line.tone)]
    room = width - 4 - len(since)
    if line.name:
        role = f"$role-{ranks.get(line.name, 0) % 3}"
        parts += [
            (set_cell_size(printable(line.name), longest), f"bold underline {role}" if line.name == selected else role),
            (f" {line.socket:<6} ", _DIM),
        ]
        room -= longest + 8
    text = printable(line.text, 300).replace("127.0.0.1:", ":")
    if line.outside:
        word = f"outside {printable(line.outside, 60)}"
        text, _, rest = text.partition(word)
        cut = Content.assemble(text, (word, "bold $tone-working"), rest)
    else:
        cut = Content.assemble((text, "bold underline" if text == f"with {selected}" else ""))
    cut = cut.truncate(max(room, 1), ellipsis=True)
    gap = " " * max(0, room - cut.cell_length)
    return Content.assemble(*parts, cut, gap, (since, "$foreground 50%"))

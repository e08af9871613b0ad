"""The picture as a list: for little room, one line for each end of a wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from zmqtui.core.watch import InstanceView
from zmqtui.ui.signs import rate, state_of
from zmqtui.ui.views.picture.blocks import Block
from zmqtui.ui.views.picture.boxes import FOLDED
from zmqtui.ui.views.picture.canvas import Canvas
from zmqtui.ui.views.picture.columns import Wire
from zmqtui.ui.views.picture.layout import Ask
from zmqtui.ui.views.picture.moment import Moment, crowd

_NAME: Final = 14
_STATES: Final = 56
"""Columns from which states are named."""


def draw_list(ask: Ask, moment: Moment) -> tuple[Canvas, dict[int, tuple[str, ...]]]:
    """Return the list, and whom each of its rows stands for."""
    canvas = Canvas(ask.width, ask.height)
    rows: dict[int, tuple[str, ...]] = {}
    views = {each.name: each for each in moment.stage.instances}
    parts = _parts(ask)
    rooms = _shared([len(ask.members[role]) for _, role, _ in parts], ask.height)
    y = 0
    for (wire, role, binds), room in zip(parts, rooms, strict=True):
        block = Block(role, ask.members[role], (), (), FOLDED, room, ask.first)
        for group in block.groups() if block.names else ():
            _row(canvas, moment, [views[name] for name in group if name in views], y, wire, binds=binds, ask=ask)
            rows[y] = group
            y += 1
    return canvas, rows


def _shared(counts: Sequence[int], room: int) -> list[int]:
    """Share rows among those who want so many each; everybody gets one."""
    rooms = [min(1, count) for count in counts]
    while sum(rooms) < room and (able := [place for place, count in enumerate(counts) if rooms[place] < count]):
        rooms[min(able, key=rooms.__getitem__)] += 1
    return rooms


def _parts(ask: Ask) -> list[tuple[Wire | None, str, bool]]:
    """Return who has a line, endpoint by endpoint: the wire, the role, and whether it binds."""
    parts: list[tuple[Wire | None, str, bool]] = []
    for wire in (*ask.columns.wires, *ask.columns.loops):
        if (wire.endpoint, wire.binder) not in {(seen.endpoint, role) for seen, role, binds in parts if seen and binds}:
            parts.append((wire, wire.binder, True))
        if wire.connector != wire.binder:
            parts.append((wire, wire.connector, False))
    named = {role for _, role, _ in parts}
    alone: list[tuple[Wire | None, str, bool]] = [
        (None, role, False) for roles in ask.columns.roles for role in roles if role not in named
    ]
    return parts + alone


def _row(
    canvas: Canvas,
    moment: Moment,
    instances: Sequence[InstanceView],
    y: int,
    wire: Wire | None,
    *,
    binds: bool,
    ask: Ask,
) -> None:
    first = instances[0]
    x = 1
    endpoint = wire.endpoint if wire else ""
    there = [each for each in instances if each.alive and endpoint in each.connected]
    through = sum(moment.traffic.rate(each.name, endpoint) for each in there)
    connected = bool(there)
    if wire and not binds:
        arrow = ("◀" if wire.to_binder else "─") + ("▶" if wire.to_connector else "─")
        canvas.put(x + 1, y, f"├{arrow}" if connected else "├╌╌", "live" if through else "wire" if connected else "dim")
        x += 5
    elif wire:
        canvas.put(x, y, "◉", "socket")
        x += 2
    colour = f"role-{moment.ranks.get(first.name, 0) % 3}"
    if len(instances) > 1:
        more = " more" if len(instances) < len(ask.members[first.role]) else ""
        canvas.put(
            x, y, f"⋯ {len(instances)}{more}: {crowd(list(instances), moment.stage)}", "quiet", ask.width - x - 10
        )
    else:
        picked = first.name == moment.selected
        sign, tone, word, _ = state_of(first, moment.stage)
        socket = "" if wire is None else wire.binder_socket if binds else wire.connector_socket
        verb = " binds" if ask.width >= _STATES else ""
        at = f"{verb} {ask.where[endpoint]}" if binds else ""
        canvas.put(x, y, first.name, f"{colour} bold reverse" if picked else colour, _NAME)
        x += _NAME
        state = f"{sign} {word}" if ask.width >= _STATES else sign
        canvas.put(x, y, state, tone or "quiet", 15)
        x += 16 if ask.width >= _STATES else 2
        note = "" if binds else moment.notes.get(first.name, "")
        canvas.put(x, y, f"{socket}{at}", "socket", max(0, ask.width - x - 10))
        x += len(socket + at) + 1
        if note:
            canvas.put(x, y, note, "note", max(0, ask.width - x - 10))
    text = rate(through)
    canvas.put(ask.width - len(text) - 1, y, text, "rate")

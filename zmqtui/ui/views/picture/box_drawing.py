"""How boxes are drawn: their borders, and what is written into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from zmqtui.core.state import State
from zmqtui.core.watch import InstanceView
from zmqtui.ui.signs import rate, state_of
from zmqtui.ui.views.picture.boxes import CHIPS, COMPACT, OUTSIDE, TALL, Box, Port, number
from zmqtui.ui.views.picture.canvas import BLANK, Canvas
from zmqtui.ui.views.picture.layout import Layout
from zmqtui.ui.views.picture.moment import Moment, crowd, in_trouble

_PLAIN: Final = "╭─╮│╰╯┤├"
_HEAVY: Final = "┏━┓┃┗┛┨┠"
_BROKEN: Final = "╭╌╮┆╰╯┤├"
_HEAVY_BROKEN: Final = "┏╍┓┇┗┛┨┠"
_LETTERS: Final = 4
"""Letters of a state's name below which it says nothing."""


def draw_box(canvas: Canvas, moment: Moment, views: Mapping[str, InstanceView], box: Box, layout: Layout) -> None:
    """Draw a box, what is in it, and where its wires leave it."""
    single = views.get(box.names[0]) if len(box.names) == 1 else None
    selected = box.level <= COMPACT and moment.selected in box.names
    broken, style = False, "frame"
    if single and box.level <= COMPACT:
        broken = single.state in (State.KILLED, State.FAILED)
        if in_trouble(single):
            style = state_of(single, moment.stage)[1]
    signs = {(0, 0): _PLAIN, (1, 0): _HEAVY, (0, 1): _BROKEN, (1, 1): _HEAVY_BROKEN}[selected, broken]
    style = "selected" if selected and style == "frame" else style
    x, y, inner = box.x, box.y, box.width - 2
    canvas.put(x, y, signs[0] + signs[1] * inner + signs[2], style)
    for row in range(y + 1, y + box.height - 1):
        canvas.put(x, row, signs[3], style)
        canvas.put(x + 1, row, " " * inner, BLANK)
        canvas.put(x + 1 + inner, row, signs[3], style)
    canvas.put(x, y + box.height - 1, signs[4] + signs[1] * inner + signs[5], style)
    for end in box.ends():
        canvas.put(x + box.width - 1 if end.right else x, end.y, signs[7] if end.right else signs[6], style)
    _title(canvas, moment, box, selected=selected)
    if box.role == OUTSIDE:
        _outside(canvas, moment, box)
    elif single and box.level <= COMPACT:
        _one(canvas, moment, single, box, layout)
    else:
        _many(canvas, moment, views, box)


def _title(canvas: Canvas, moment: Moment, box: Box, *, selected: bool) -> None:
    if box.role == OUTSIDE:
        canvas.put(box.x + 1, box.y, f" {OUTSIDE} ", "quiet")
        return
    name = box.names[0] if box.level <= COMPACT else f"{box.role} ×{len(box.names)}"
    colour = f"role-{moment.ranks.get(box.names[0], 0) % 3} bold"
    canvas.put(box.x + 1, box.y, f" {name} ", f"{colour} reverse" if selected else colour, box.width - 2)


def _outside(canvas: Canvas, moment: Moment, box: Box) -> None:
    """Say how many programs of others are connected, or that one binds."""
    port = (*box.left, *box.right)[0]
    if port.binds:
        text = "binds"
    else:
        ours = [each for each in moment.stage.instances if port.endpoint in each.connected]
        binder = moment.stage.pattern.endpoint(port.endpoint).bind.role
        count = moment.stage.peers.get(port.endpoint, 0) - sum(each.role != binder for each in ours)
        text = f"{max(count, 1)} more"
    canvas.put(box.x + 2, box.items[0].y, text, "text", box.width - 4)


def _one(canvas: Canvas, moment: Moment, instance: InstanceView, box: Box, layout: Layout) -> None:
    """Write an instance's state and its ports into a box of its own."""
    item = box.items[0]
    left, room = box.x + 2, box.width - 4
    for row in range(box.rows):
        taken = _labels(canvas, box.left[row : row + 1], box.right[row : row + 1], left, item.y + row, room)
        if row == 0 and box.level == COMPACT:
            first = left + taken[0] + (1 if taken[0] else 0)
            _state(canvas, moment, instance, first, item.y, room - sum(taken) - sum(map(bool, taken)))
    if box.level == TALL:
        _state(canvas, moment, instance, left, item.y - 1, room)
    _below(canvas, moment, instance, box, layout)


def _below(canvas: Canvas, moment: Moment, instance: InstanceView, box: Box, layout: Layout) -> None:
    """Write the rates that a box's wires are too short for below it, each on its side."""
    texts = ["", ""]
    for right in (False, True):
        stubs = [
            stub for stub in layout.stubs if stub.end and stub.end.right is right and stub.names == (instance.name,)
        ]
        rates = [
            moment.traffic.rate(instance.name, stub.wire.endpoint)
            for stub in stubs
            if instance.alive and stub.wire.endpoint in instance.connected
        ]
        text = rate(max(rates, default=0.0))
        if all(stub.span[1] - stub.span[0] < len(text) + 5 for stub in stubs):
            texts[right] = text
    left, bottom, room = box.x + 1, box.y + box.height - 1, box.width - 2
    if sum(len(text) + 2 for text in texts if text) + 1 <= room:
        texts = [f" {text} " if text else "" for text in texts]
    if sum(map(len, texts)) + 1 <= room:
        canvas.put(left, bottom, texts[0], "rate")
        canvas.put(left + room - len(texts[1]), bottom, texts[1], "rate")


def _labels(
    canvas: Canvas, left: tuple[Port, ...], right: tuple[Port, ...], x: int, y: int, room: int
) -> tuple[int, int]:
    """Write the ports of a row on both sides of a box; return the columns they take."""
    texts = ["", ""]
    for place in (-1, 0):
        texts = [port[0].labels(right=bool(side))[place] if port else "" for side, port in enumerate((left, right))]
        if sum(map(len, texts)) + all(texts) <= room:
            break
    canvas.put(x, y, texts[0], "socket", room)
    canvas.put(x + room - len(texts[1]), y, texts[1], "socket", room)
    return len(texts[0]), len(texts[1])


def _state(canvas: Canvas, moment: Moment, instance: InstanceView, x: int, y: int, room: int) -> None:
    """Write a state: its sign, its name where there is room, and its age on the right."""
    sign, tone, name, age = state_of(instance, moment.stage)
    style = tone or "quiet"
    name = _shortened(name, room - 2)
    if room < min(len(name), _LETTERS) + 2 or (instance.state is State.NOT_STARTED and room < len(name) + 2):
        canvas.put(x, y, sign, style, room)
        return
    canvas.put(x, y, f"{sign} {name}", style, room)
    if age and room >= len(name) + len(age) + 3:
        canvas.put(x + room - len(age), y, age, "quiet")


def _shortened(word: str, room: int) -> str:
    """Write a state in fewer letters where there is no room for all."""
    return word if len(word) <= room else word.removeprefix("in ")


def _chips(canvas: Canvas, moment: Moment, views: Mapping[str, InstanceView], box: Box) -> None:
    """Write several instances into a line: the sign of their state and their number."""
    for item in box.items:
        for place, name in enumerate(item.names):
            x = box.x + 2 + place * box.chip
            sign, tone, _, _ = state_of(views[name], moment.stage)
            colour = f"role-{moment.ranks.get(name, 0) % 3}"
            picked = name == moment.selected
            canvas.put(x, item.y, sign, f"{tone or 'quiet'}{' reverse' if picked else ''}")
            canvas.put(x + 1, item.y, number(name), f"{colour} bold reverse" if picked else colour)


def _many(canvas: Canvas, moment: Moment, views: Mapping[str, InstanceView], box: Box) -> None:
    """Write one line for each instance into a frame, and one for all that are folded."""
    if box.level == CHIPS:
        _chips(canvas, moment, views, box)
    most = max((len(item.names[0]) for item in box.items), default=0)
    left, room = box.x + 2, box.width - 4
    for item in box.items if box.level != CHIPS else ():
        within = room
        if box.rows > 1:
            for row in range(box.rows):
                taken = _labels(canvas, (), box.right[row : row + 1], left, item.y + row, room)
                within = min(within, room - taken[1] - 1)
        if len(item.names) > 1 or item.names[0] not in views:
            folded = [views[name] for name in item.names if name in views]
            more = "" if len(box.items) == 1 else " more"
            canvas.put(left, item.y, f"⋯ {len(folded)}{more}: {crowd(folded, moment.stage)}", "quiet", within)
            if moment.selected in item.names:
                canvas.put(box.x + 1, item.y, "▌", "selected")
            continue
        instance = views[item.names[0]]
        sign, tone, word, age = state_of(instance, moment.stage)
        picked = instance.name == moment.selected
        if picked:
            canvas.put(box.x + 1, item.y, "▌", "selected")
        canvas.put(left, item.y, sign, tone or "quiet")
        colour = f"role-{moment.ranks.get(instance.name, 0) % 3}"
        canvas.put(left + 2, item.y, instance.name, f"{colour} bold reverse" if picked else colour, within - 2)
        rest = within - most - 4
        word = _shortened(word, rest)
        if rest >= len(word) or (rest >= 4 and in_trouble(instance)):
            canvas.put(left + most + 4, item.y, word, tone or "quiet", rest)
            if age and rest >= len(word) + len(age) + 1:
                canvas.put(left + within - len(age), item.y, age, "quiet")
    if box.rows == 1:
        bottom = box.y + box.height - 1
        for ports, right in ((box.left, False), (box.right, True)):
            for port in ports:
                text = f" {port.labels(right=right)[0]} "
                canvas.put(box.x + box.width - 1 - len(text) if right else box.x + 1, bottom, text, "socket")

"""How a row of a sequence diagram is drawn: lanes as their instances stand, arrows over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from zmqtui.core.state import State
from zmqtui.ui.signs import clock
from zmqtui.ui.views.ladder.arrows import Arrow, Mark, Row
from zmqtui.ui.views.ladder.lanes import STAMP, Lanes, shorten
from zmqtui.ui.views.ladder.rows import delay
from zmqtui.ui.views.picture.canvas import BLANK, Canvas

Drawn = tuple[str, tuple[str, ...]]
"""A row's text and the style of each of its cells."""

LINES: Final = {
    State.RUNNING: ("│", "lane"),
    State.WORKING: ("▒", "working"),
    State.RECEIVING: ("┆", "lane"),
    State.POLLING: ("┆", "lane"),
    State.SENDING: ("◧", "lost"),
    State.BINDING: ("┆", "waiting"),
    State.ASKING: ("?", "waiting"),
    State.PAUSED: ("‖", "waiting"),
    None: ("│", "lane"),
}
"""A lane's sign and tone by its instance's state; where it does not run there is none."""
_HALF = 26
"""Columns that half an arrow may take, though it covers other lanes."""
_STUB = 7
"""Columns of half an arrow that are not its label."""


class Drawing:
    """Draws rows.

    Args:
        lanes: The lanes.
        selected: The instance that is selected.
        ranks: The place of each instance's role in the pattern, for its colour.
        facing: Returns which lanes' columns are at the other end of an endpoint, for an instance.
    """

    def __init__(
        self, lanes: Lanes, selected: str, ranks: Mapping[str, int], facing: Callable[[str, str], list[int]]
    ) -> None:
        self._lanes, self._selected, self._ranks, self._facing = lanes, selected, ranks, facing

    def names(self, states: Mapping[str, tuple[str, str]]) -> Drawn:
        """Draw the names, each with the sign and the tone of its state."""
        lanes = self._lanes
        canvas = Canvas(lanes.width, 1)
        if lanes.more:
            canvas.put(0, 0, f"+{lanes.more} lanes"[: lanes.stamp], "quiet")
        for lane in lanes.each:
            sign, tone = states.get(lane.name, (" ", ""))
            space = 1 if lanes.tight else 2
            start = max(lanes.left - 1, lane.x - (len(lane.label) + space) // 2)
            canvas.put(start, 0, sign, tone or "quiet")
            style = "selected" if lane.name == self._selected else self._role(lane.name)
            canvas.put(start + space, 0, lane.label, style)
        return canvas.rows()[0]

    def row(self, row: Row, states: Callable[[str], State | None], *, now: bool = False) -> Drawn:
        """Draw a row.

        Args:
            row: What is in it.
            states: Returns the state that an instance was in.
            now: Whether it is the present.
        """
        lanes = self._lanes
        canvas = Canvas(lanes.width, 1)
        self._stamp(canvas, row, now=now)
        for lane in lanes.each:
            sign, tone = LINES.get(states(lane.name), (" ", BLANK))
            canvas.put(lane.x, 0, sign, "mine" if tone == "lane" and lane.name == self._selected else tone)
        for arrow in row.arrows:
            self._arrow(canvas, arrow)
        for mark in row.marks:
            self._mark(canvas, mark)
        return canvas.rows()[0]

    def picked(self, drawn: Drawn) -> Drawn:
        """Mark a row as picked, for who sees no colours."""
        text, styles = drawn
        place = self._lanes.stamp
        return text[:place] + "▸" + text[place + 1 :], (*styles[:place], "mine", *styles[place + 1 :])

    def _stamp(self, canvas: Canvas, row: Row, *, now: bool) -> None:
        lanes = self._lanes
        if row.gap:
            text = f"⋮ {delay(row.gap)}"
            canvas.put(0, 0, text.rjust(lanes.stamp) if len(text) <= lanes.stamp else text.replace(" ", ""), "quiet")
        elif now:
            canvas.put(0, 0, "now".rjust(lanes.stamp), "quiet")
        elif row.arrows or row.marks:
            canvas.put(0, 0, clock(row.time)[STAMP - lanes.stamp :] if row.first else "", "time")

    def _role(self, name: str) -> str:
        return f"role-{self._ranks.get(name, 0) % 3}"

    def _mark(self, canvas: Canvas, mark: Mark) -> None:
        lane = self._lanes.get(mark.name)
        if lane is None:
            return
        canvas.put(lane.x, 0, mark.sign, mark.tone or "quiet")
        tone = mark.tone or "quiet"
        room = self._lanes.width - lane.x - 2 if mark.wide else self._lanes.pitch - 3
        if len(mark.text) <= room:
            canvas.put(lane.x + 2, 0, mark.text, tone)
        elif mark.wide:
            text = _fit(mark.text, None, lane.x - 1 - self._lanes.left)
            canvas.put(lane.x - 1 - len(text), 0, text, tone)

    def _arrow(self, canvas: Canvas, arrow: Arrow) -> None:
        sender, ends = self._lanes.get(arrow.sender), [lane for lane in map(self._lanes.get, arrow.receivers) if lane]
        if arrow.kind == "lost":
            self._lost(canvas, arrow)
        elif arrow.kind == "stub" or not ends:
            if sender:
                towards = [lane.x for lane in ends] or self._facing(arrow.endpoint, arrow.sender)
                known = next((name for name in arrow.receivers if not self._lanes.get(name)), "")
                self._stub(canvas, arrow, sender.x, towards, known)
        elif sender is None:
            self._half(canvas, arrow, ends[0].x)
        else:
            here = sender.x
            for side in (1, -1):
                stops = sorted((lane.x for lane in ends if (lane.x - here) * side > 0), key=lambda x: abs(x - here))
                if stops:
                    self._line(canvas, arrow, here, stops, side)

    def _line(self, canvas: Canvas, arrow: Arrow, here: int, stops: list[int], side: int) -> None:
        """Draw a whole arrow to one side, with a head before each of those who get it."""
        dash = "─" if arrow.kind == "sent" else "╌"
        tone = self._role(arrow.sender)
        last = stops[-1]
        for x in range(here + side, last, side):
            # A lane that is crossed is not a lane that gets it.
            if x not in stops:
                canvas.put(x, 0, dash, tone)
        canvas.put(here, 0, "├" if side > 0 else "┤", tone)
        for stop in stops:
            canvas.put(stop - side, 0, "▶" if side > 0 else "◀", tone)
        # The label is near the sender, and before the next head if there is room.
        room = abs(stops[0] - here) - 3
        note = f" {arrow.note}" if arrow.note else ""
        if room < 4 + len(note):
            room = abs(last - here) - 3
        tight = len(arrow.text) + len(note) > room
        self._label(canvas, arrow, here + (1 if tight else 2) * side, side, room + tight, note)

    def _label(self, canvas: Canvas, arrow: Arrow, x: int, side: int, room: int, note: str = "") -> None:
        if len(note) > room - 3:
            note = note[:room] if room >= len(note) else ""
        text = _fit(arrow.text, arrow, room - len(note))
        # Where it is written right to left, it begins further left.
        start = x if side > 0 else x - len(text + note) + 1
        canvas.put(start, 0, text, "text")
        canvas.put(start + len(text), 0, note, "waiting")

    def _stub(self, canvas: Canvas, arrow: Arrow, here: int, towards: list[int], known: str) -> None:
        """Draw half an arrow that leaves its sender."""
        side = -1 if towards and sum(towards) / len(towards) < here else 1
        end = f" {shorten(known, 6)}" if known else " ?" if arrow.doubtful else ""
        room = self._room(here, side) - _STUB + 2 - len(end)
        text = _fit(arrow.text, arrow, max(room, 0))
        lead = f"{end.strip()} " if end else ""
        line = f"├─{text}─▷{end}" if side > 0 else f"{lead}◁─{text}─┤"
        start = here if side > 0 else here - len(line) + 1
        canvas.put(start, 0, line, self._role(arrow.sender))
        canvas.put(start + (2 if side > 0 else len(lead) + 2), 0, text, "text")

    def _half(self, canvas: Canvas, arrow: Arrow, here: int) -> None:
        """Draw half an arrow that reaches its receiver."""
        facing = self._facing(arrow.endpoint, arrow.receivers[0])
        side = -1 if facing and sum(facing) / len(facing) > here else 1
        room = self._room(here, -side) - _STUB + 1
        who = shorten(arrow.sender or "?", max(6, room - len(arrow.text)))
        text = _fit(arrow.text, arrow, max(room - len(who), min(room, 3), 0))
        line = f"{who} ─{text}─▶" if side > 0 else f"◀─{text}─ {who}"
        start = here - len(line) if side > 0 else here + 1
        canvas.put(start, 0, line, "quiet")
        canvas.put(start + (len(who) + 2 if side > 0 else 2), 0, text, "text")

    def _lost(self, canvas: Canvas, arrow: Arrow) -> None:
        """Draw an arrow that ends nowhere, and why."""
        owner = arrow.receivers[0] if arrow.receivers else arrow.sender
        lane, sender = self._lanes.get(owner), self._lanes.get(arrow.sender)
        if lane is None:
            return
        others = self._facing(arrow.endpoint, owner)
        least = max(self._lanes.pitch - 1, 8)
        if not arrow.receivers:
            here = lane.x
            side = -1 if others and sum(others) / len(others) < here else 1
            there = here + side * least
        else:
            there = lane.x
            others = [sender.x] if sender else others
            side = 1 if not others or sum(others) / len(others) <= there else -1
            here = sender.x if sender else there - side * least
        for x in range(here + side, there - side, side):
            canvas.put(x, 0, "╌", "lost")
        canvas.put(here, 0, "├" if side > 0 else "┤", "lost")
        canvas.put(there - side, 0, "✗", "lost")
        self._label(canvas, arrow, here + 2 * side, side, abs(there - here) - 4)
        left, right = min(here, there) - 2 - self._lanes.left, self._lanes.width - max(here, there) - 2
        text = _fit(arrow.note, None, max(left, right))
        canvas.put(max(here, there) + 2 if right >= len(text) else min(here, there) - 2 - len(text), 0, text, "lost")

    def _room(self, x: int, side: int) -> int:
        """Return the columns from a lane to one side that half an arrow may take."""
        edge = self._lanes.width - x if side > 0 else x - self._lanes.left + 1
        return max(0, min(edge, max(self._lanes.pitch, _HALF) - 1))


def _fit(text: str, arrow: Arrow | None, room: int) -> str:
    """Cut a label; how many messages it is of stays."""
    if len(text) <= room:
        return text
    count = f" ×{arrow.count:,}" if arrow and arrow.count > 1 else ""
    if room <= len(count):
        return count.strip() if count and room >= len(count) - 1 else "…"[:room]
    return f"{text[: room - len(count) - 1]}…{count}"

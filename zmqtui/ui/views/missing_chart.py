"""The chart of what subscribers missed: how much of what was published for them, why, and when."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from zmqtui.core.books.moments import LOSSES
from zmqtui.core.model import Pattern
from zmqtui.ui.views.axes import DIM, below
from zmqtui.ui.views.chart import SUBSCRIBES, Chart, Drawing, Frame, names, present, sockets
from zmqtui.ui.views.plot import Line, chart, fitting, legend

_LABELS = {
    "before": "before it joined",
    "away": "while it was away",
    "dropped": "at the high-water mark",
    "unwanted": "its filter changed",
    "orphaned": "with its publisher",
    "abandoned": "in its queue as it left",
}
_TONES = {"before": "$tone-waiting", "away": "$tone-waiting"}
_LEVELS = "▁▂▃▄▅▆▇█"
TALL = 7
"""Rows left over from which on there is a plot above the rows."""


class Missing(Chart):
    """What was published and matched a subscriber's filters against what it received, and when it missed the rest."""

    TITLE = "Received against published"

    def fits(self, pattern: Pattern) -> bool:
        """Tell whether some role subscribes."""
        return any(sockets(pattern, role.name) & SUBSCRIBES for role in pattern.roles)

    def most(self, frame: Frame, room: int) -> int:
        """Return the rows that it has any use for: more than one for each line of numbers only for a plot above."""
        known = self._known(frame)
        wanted = len(known) + sum(len(self._parts(frame, name)) for name in known) + 3
        return room if room >= wanted + TALL else wanted

    def _known(self, frame: Frame) -> list[str]:
        pattern = frame.scene.stage.pattern
        roles = [role for role in pattern.roles if sockets(pattern, role.name) & SUBSCRIBES]
        return [name for role in roles for name in names(frame, role)]

    def draw(self, frame: Frame, width: int, height: int) -> Drawing | None:
        """Draw a row for each subscriber with what it missed over time, and the parts of that below."""
        known = self._known(frame)
        if not any(self._sums(frame, name)[1] for name in known):
            return None
        chosen = frame.scene.selected if frame.scene.selected in known else known[0]
        parts = {name: self._parts(frame, name) for name in known}
        opened = set(known)
        if len(known) + sum(map(len, parts.values())) > height - 3:
            opened = {chosen}
        wanted = len(known) + sum(len(parts[name]) for name in opened) + 3
        rows: list[Content] = []
        lines = self._lines(frame, chosen)
        if height - wanted >= TALL:
            plot = chart(lines, width, height - wanted - 1, start=frame.start, end=frame.end, least=0.5)
            rows = [fitting(legend(lines), width), *plot]
        table = [["subscriber", "matching", "received", "missing", *_LABELS.values(), "on their way"]]
        for name in known:
            received, matching, flying = self._sums(frame, name)
            gone = [f"{frame.grown(frame.past.of(name, part)):.0f}" for part in LOSSES]
            numbers = [f"{matching:.0f}", f"{received:.0f}", f"{matching - received:.0f}"]
            table.append([name, *numbers, *gone, f"{flying:.0f}"])
        hits: dict[int, str] = {}
        rows += self._body(frame, known, chosen, parts, opened, width, height - len(rows), len(rows), hits)
        return Drawing([self._head(frame, chosen)], rows, table, hits)

    def _sums(self, frame: Frame, name: str) -> tuple[float, float, float]:
        """Return what a subscriber received, what matched, and what of that is on its way."""
        received = frame.grown(frame.past.of(name, "arrived"))
        flights = frame.past.of(name, "in_flight")
        flying = flights[-1] if len(flights) else 0.0
        lost = sum(frame.grown(frame.past.of(name, part)) for part in LOSSES)
        return received, received + lost + flying, flying

    def _parts(self, frame: Frame, name: str) -> list[str]:
        return [part for part in LOSSES if frame.grown(frame.past.of(name, part))]

    def _head(self, frame: Frame, name: str) -> Content:
        received, matching, flying = self._sums(frame, name)
        missing = matching - received
        share = f" ({missing / matching:.0%})" if matching else ""
        way = f", {flying:,.0f} on their way" if flying else ""
        return Content.assemble(
            (f"{name} ", "bold $primary"),
            (f"received {received:,.0f}", "$tone-received"),
            (f" of {matching:,.0f}", "$foreground 70%"),
            (f", missing {missing:,.0f}{share}{way}", "$tone-lost" if missing else DIM),
        )

    def _lines(self, frame: Frame, name: str) -> list[Line]:
        arrived = frame.past.of(name, "arrived")
        columns = [frame.past.of(name, part) for part in ("arrived", *LOSSES, "in_flight")]
        matching = frame.rate([sum(values) for values in zip(*columns, strict=True)])
        received = frame.rate(arrived)
        return [
            Line(f"{name} published and matching", matching, "$tone-lost", present(matching), 4),
            Line("received", received, "$tone-received", present(received)),
        ]

    def _body(
        self,
        frame: Frame,
        known: list[str],
        chosen: str,
        parts: dict[str, list[str]],
        opened: set[str],
        width: int,
        height: int,
        above: int,
        hits: dict[int, str],
    ) -> list[Content]:
        """Draw the rows of the subscribers and the axis of time below them."""
        text = 12 + 9 + 9 + 9
        cells = max(8, width - text - 1)
        strips: list[tuple[str, str, list[float | None]]] = []
        for name in known:
            lost = [frame.past.of(name, part) for part in LOSSES]
            strips.append((name, "", frame.bins([sum(values) for values in zip(*lost, strict=True)], cells)))
            if name in opened:
                strips += [(name, part, frame.bins(frame.past.of(name, part), cells)) for part in parts[name]]
        top = max((value or 0.0 for _, part, strip in strips for value in strip if not part), default=0.0)
        room = max(1, height - 3)
        first = max(0, min(frame.offset * room, len(strips) - room))
        when = f"when: █ is {short(top)}" if top else "when: nothing was missed"
        rows = [
            Content.assemble((f"{'':12}{'received':>9}{'matching':>9}{'missing':>9} {when}", DIM)).truncate(
                width, ellipsis=True
            )
        ]
        for name, part, strip in strips[first : first + room]:
            hits[above + len(rows)] = name
            rows.append(Content.assemble(self._numbers(frame, name, part, chosen), " ", _strip(strip, top, part)))
        return rows + below(cells, text + 1, frame.start, frame.end)

    def _numbers(self, frame: Frame, name: str, part: str, chosen: str) -> Content:
        if part:
            count = frame.grown(frame.past.of(name, part))
            return Content.assemble(
                (f"  {_LABELS[part]:<28}", "$foreground 60%"), (f"{short(count):>9}", _TONES.get(part, "$tone-lost"))
            )
        received, matching, _ = self._sums(frame, name)
        missing = matching - received
        return Content.assemble(
            (f"{name:<12.12}", "bold reverse $primary" if name == chosen else "bold"),
            (f"{short(received):>9}", "$tone-received"),
            (f"{short(matching):>9}", "$foreground 70%"),
            (f"{short(missing):>9}", "bold $tone-lost" if missing else DIM),
        )


def short(count: float) -> str:
    """Write a count in seven characters."""
    if count < 1e6:
        return f"{count:,.0f}"
    return f"{count / 1e6:,.2f} M" if count < 1e8 else f"{count / 1e6:,.0f} M"


def _strip(strip: Sequence[float | None], top: float, part: str) -> Content:
    """Draw what was missed in each part of the span as a column in one row."""
    runs: list[tuple[str, str]] = []
    tone = _TONES.get(part, "$tone-lost")
    for value in strip:
        if value is None:
            sign, style = " ", DIM
        elif value <= 0:
            sign, style = "·", "$foreground 25%"
        else:
            sign, style = _LEVELS[min(7, int(value / max(top, 1e-9) * 8))], tone
        if runs and runs[-1][1] == style:
            runs[-1] = (runs[-1][0] + sign, style)
        else:
            runs.append((sign, style))
    return Content.assemble(*runs)

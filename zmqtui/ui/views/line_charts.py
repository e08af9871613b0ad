"""Charts of lines over time: rates, round trips and how much is under way."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from zmqtui.core.books.trips import percentiles, used
from zmqtui.core.model import Link, Pattern
from zmqtui.ui.views.axes import DIM, amount, seconds
from zmqtui.ui.views.chart import RECEIVES, SENDS, Chart, Drawing, Frame, names, present, sends, sockets
from zmqtui.ui.views.chart_table import table_of
from zmqtui.ui.views.plot import Line, chart, legend

SIBLINGS = 12
"""Instances of the selected one's role of which each still gets a line."""
WIDE = 30.0
"""How many times as long the longest round trip is as the shortest, from which on the axis is logarithmic."""
DASHES, POINTS = 4, 2
_GAPS = (0, DASHES, POINTS)


class Rates(Chart):
    """Messages per second of each role, and of the selected instance."""

    TITLE = "Rates"
    UNIT = "messages/s"

    def fits(self, pattern: Pattern) -> bool:
        """Tell that every pattern has rates."""
        return True

    def draw(self, frame: Frame, width: int, height: int) -> Drawing | None:
        """Draw a line for each role, and for the selected instance among its like."""
        pattern, selected = frame.scene.stage.pattern, frame.scene.selected
        lines: list[Line] = []
        siblings: list[Line] = []
        chosen: list[Line] = []
        for rank, role in enumerate(pattern.roles):
            what, sign = ("sent", "→") if sends(pattern, role) else ("received", "←")
            points = frame.rate(frame.sum([role.name], what))
            style, gap = f"$role-{rank % 3}", _GAPS[rank % 3]
            lines.append(Line(f"{role.name} {sign}", points, style, present(points), gap))
            own = names(frame, role)
            if role.most == 1 or selected not in own:
                continue
            for name in own if len(own) <= SIBLINGS else [selected]:
                points = frame.rate(frame.sum([name], what))
                if name == selected:
                    chosen.append(Line(f"{name} {sign}", points, "bold $primary", present(points)))
                else:
                    siblings.append(Line("", points, "$foreground 30%", gap=POINTS))
        if not any(value for line in lines for _, value in line.points):
            return None
        lines = [*siblings, *lines, *chosen]
        rows = chart(lines, width, height, start=frame.start, end=frame.end, least=0.5)
        return Drawing(legend(lines), rows, table_of(lines, self.UNIT))


class Trips(Chart):
    """Round trips of requests and replies."""

    TITLE = "Round trips"
    UNIT = "request to reply"
    EMPTY = "No reply yet: a round trip is the time from a request to its reply."

    def fits(self, pattern: Pattern) -> bool:
        """Tell whether some role sends requests."""
        return any("REQ" in sockets(pattern, role.name) for role in pattern.roles)

    def draw(self, frame: Frame, width: int, height: int) -> Drawing | None:
        """Draw median, 99th percentile and maximum, and the selected instance's mean."""
        lines: list[Line] = []
        told: list[Content] = []
        many = len(frame.past.askers) > 1
        for role in frame.past.askers:
            bins, peaks = frame.past.trips(role)
            points: dict[str, list[tuple[float, float]]] = {"p50": [], "p99": [], "max": []}
            within = used(bins[-1])
            for before, index in frame.pairs:
                if found := percentiles(bins[before], bins[index], (0.5, 0.99), within):
                    most = max(peaks[before + 1 : index + 1])
                    # The middle of a bin may be a little more than the longest of all.
                    for name, length in zip(points, (min(found[0], most), min(found[1], most), most), strict=True):
                        points[name].append((frame.times[index], length))
            if not points["max"]:
                continue
            styles = {"max": ("$tone-lost", POINTS), "p99": ("$tone-waiting", DASHES), "p50": ("$tone-received", 0)}
            for name, (style, gap) in styles.items():
                value = seconds(points[name][-1][1])
                lines.append(Line(f"{role} {name}" if many else name, points[name], style, value, gap))
            first = bins[frame.first] if frame.start > 0 else None
            longest = max(peaks[frame.first + 1 :], default=0.0)
            told.append(self._told(first, bins[-1], longest))
        if not lines:
            return None
        mean = self._mean(frame)
        if mean:
            lines.append(mean)
        values = [value for line in lines for _, value in line.points if value > 0]
        logarithmic = bool(values) and max(values) > WIDE * min(values)
        rows = chart(
            lines, width, height, start=frame.start, end=frame.end, label=seconds, logarithmic=logarithmic, least=1e-6
        )
        # The longest below the others, but named last.
        named = [*lines[:-1][::-1], lines[-1]] if mean else lines[::-1]
        return Drawing([*legend(named), *told], rows, table_of(named, "s"))

    def _told(self, first: Sequence[int] | None, last: Sequence[int], longest: float) -> Content:
        found = percentiles(first, last, (0.5, 0.99))
        if not found:
            return Content("")
        median, high = found
        count = sum(last) - sum(first or ())
        text = f"{count:,} in all: p50 {seconds(min(median, longest))} · p99 {seconds(min(high, longest))}"
        return Content.styled(f"{text} · max {seconds(longest)}", DIM)

    def _mean(self, frame: Frame) -> Line | None:
        name = frame.scene.selected
        counts, waited = frame.past.of(name, "trips"), frame.past.of(name, "waited")
        points = [
            (frame.times[index], (waited[index] - waited[before]) / (counts[index] - counts[before]))
            for before, index in frame.pairs
            if counts[index] > counts[before]
        ]
        return Line(f"{name} mean", points, "bold $primary", seconds(points[-1][1]), 6) if points else None


class Depth(Chart):
    """What was sent and not received: in queues and on its way."""

    TITLE = "Under way"
    UNIT = "sent − received"

    def fits(self, pattern: Pattern) -> bool:
        """Tell whether there is an endpoint at which every message has one receiver."""
        return bool(_ways(pattern))

    def draw(self, frame: Frame, width: int, height: int) -> Drawing | None:
        """Draw a line for each endpoint and direction."""
        pattern = frame.scene.stage.pattern
        ranks = {role.name: rank for rank, role in enumerate(pattern.roles)}
        lines: list[Line] = []
        outside: list[str] = []
        happened = False
        ways = _ways(pattern)
        several = len({endpoint for endpoint, _, _ in ways}) > 1
        for endpoint, senders, receivers in ways:
            sent = frame.sum(senders, "sent", endpoint)
            received = frame.sum(receivers, "received", endpoint)
            happened = happened or bool(len(sent) and (sent[-1] or received[-1]))
            if endpoint in frame.scene.history.strangers:
                outside.append(endpoint)
                continue
            points = frame.level([max(0.0, more - less) for more, less in zip(sent, received, strict=True)])
            value = f"{points[-1][1]:,.0f}" if points else ""
            style = f"$role-{ranks[senders[0]] % 3}"
            name = f"{endpoint + ': ' if several else ''}{'+'.join(senders)} → {'+'.join(receivers)}"
            lines.append(Line(name, points, style, value, _GAPS[len(lines) % 3]))
        if not happened:
            return None
        rows = chart(lines, width, height, start=frame.start, end=frame.end, label=amount, least=1)
        head = legend(lines)
        if outside:
            text = f"{', '.join(dict.fromkeys(outside))}: others take part, so it cannot be known"
            head.append(Content.styled(text, "$tone-waiting"))
        head.append(Content.styled("what was lost stays in it", DIM))
        return Drawing(head, rows, table_of(lines, "messages"))


def _ways(pattern: Pattern) -> list[tuple[str, list[str], list[str]]]:
    """Return the directions in which messages go from one to one: endpoint, senders, receivers."""
    ways = []
    for endpoint in pattern.endpoints:
        if endpoint.bind.socket in ("PUB", "XPUB", "SUB", "XSUB"):
            continue
        sides: list[tuple[Link, ...]] = [(endpoint.bind,), endpoint.connect]
        for here, there in (sides, sides[::-1]):
            senders = [link.role for link in here if link.socket in SENDS]
            receivers = [link.role for link in there if link.socket in RECEIVES]
            if senders and receivers:
                ways.append((endpoint.name, senders, receivers))
    return ways

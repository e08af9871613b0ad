"""Charts and sparklines: what they show of a real run, and how lines and axes are drawn."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.ui.support import playing, press, screen, until
from zmqtui.core.books.account import Account
from zmqtui.core.books.history import History
from zmqtui.core.journal import Journal, Tally
from zmqtui.core.stage import Stage
from zmqtui.core.watch import Losses, PortView
from zmqtui.patterns import every, find
from zmqtui.ui.app import Playground
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.sparks import spark
from zmqtui.ui.themes import meanings
from zmqtui.ui.view import Scene, View
from zmqtui.ui.views import axes, plot
from zmqtui.ui.views.charts import KINDS, Charts
from zmqtui.ui.views.plot import Line


def charts(pilot: Pilot[None]) -> View:
    """Return the view of the tab on view."""
    app = pilot.app
    assert isinstance(app, Playground)
    return app.pane.desk.current


def dots(rows: list[str]) -> list[tuple[int, int]]:
    """Return the places of all dots of a chart, from the lower left."""
    found = []
    for row, text in enumerate(rows[:-2]):
        place = re.search("[┤│]", text)
        assert place
        for column, sign in enumerate(text[place.end() :]):
            for bit, (x, y) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]):
                if sign != " " and ord(sign) - 0x2800 >> bit & 1:
                    found.append((column * 2 + x, (len(rows) - 2 - row) * 4 - 1 - y))
    return sorted(found)


def test_a_line_goes_through_its_points_without_holes() -> None:
    """A line must start and end where its values are, in every column once at least, however steep it is."""
    line = Line("a", [(0, 0), (5, 10), (10, 0)], "red")
    rows = [row.plain for row in plot.chart([line], 50, 12, start=0, end=10)]
    assert len(rows) == 12
    assert {len(row) for row in rows[:-1]} == {50}
    drawn = dots(rows)
    columns = {x for x, _ in drawn}
    assert columns == set(range(max(columns) + 1))
    assert drawn[0] == (0, 0)
    assert max(y for _, y in drawn) == 39
    steep = plot.chart([Line("a", [(0, 0), (5, 0), (5.01, 10), (10, 10)], "red")], 50, 12, start=0, end=10)
    assert {y for _, y in dots([row.plain for row in steep])} == set(range(40))


def test_axes_have_ticks_that_are_easy_to_read_and_units() -> None:
    """You should read 0, 50 ms, 100 ms and 1:30 on axes, never 33.3 or 4133.4, and powers of ten where it is wide."""
    for top in (0.0013, 0.7, 3, 17, 99, 1234, 20_500, 7e6):
        *_, ticks = axes.scale([top], 15, logarithmic=False, least=1e-6)
        step = ticks[1] / 10 ** math.floor(math.log10(ticks[1]) + 1e-9)
        assert min(abs(step - nice) for nice in (1, 2, 5)) < 1e-6
        assert ticks[0] == 0
        assert top <= ticks[-1] <= 2.5 * top
    slow = plot.chart([Line("a", [(0, 0.0001), (90, 0.12)], "red")], 80, 17, start=0, end=90, label=axes.seconds)
    text = "\n".join(row.plain for row in slow)
    assert " 100 ms ┤" in text
    assert re.search(r"30 s +1:00 +1:30$", text)
    wide = plot.chart(
        [Line("a", [(0, 0.0002), (9, 5)], "red")], 80, 17, start=0, end=10, label=axes.seconds, logarithmic=True
    )
    assert [row.plain.split()[0] for row in wide if "┤" in row.plain] == ["10", "1", "100", "10", "1", "100"]
    assert [axes.seconds(value) for value in (2e-6, 0.00025, 0.0321, 3, 65)] == [
        "2 µs",
        "250 µs",
        "32.1 ms",
        "3 s",
        "65 s",
    ]


def test_which_charts_there_are_follows_from_the_declaration() -> None:
    """What a pattern is about must come first: what was missed, round trips, shares."""
    titles = {
        pattern.name: [kind.TITLE for kind in (make() for make in KINDS) if kind.fits(pattern)] for pattern in every()
    }
    assert titles == {
        "reqrep": ["Round trips", "Shares", "Rates", "Under way"],
        "pubsub": ["Received against published", "Rates"],
        "pipeline": ["Shares", "Rates", "Under way"],
    }


async def test_charts_of_a_pipeline() -> None:
    """You should see at a glance who worked most, turn to the rates, come closer, hold it, copy and save it all."""
    knobs = {"tasks": 40, "cost_min": 1, "cost_max": 10, "worker-2.slowdown": 5.0}
    async with playing("pipeline", size=(120, 40), pipeline=knobs) as pilot:
        view = pilot.app.query_one("#pane-pipeline")
        await press(pilot, "h")
        await until(pilot, lambda: "space starts it" in screen(pilot), "an empty chart that says what to do")
        await press(pilot, "space")
        stage = pilot.app.pane.stage  # type: ignore[attr-defined]
        await until(pilot, lambda: stage.view().peers["tasks"] == 4)
        await press(pilot, "w")
        await until(pilot, lambda: "worker received 40, 10 each" in screen(pilot), "the shares")
        await until(pilot, lambda: re.search(r"worker-2 .* 10  25% .* s busy ◀", screen(pilot)), "who was busiest")
        rows = charts(pilot).copied().splitlines()
        assert rows[1].split("\t")[0] == "instance"
        assert rows[2].split("\t")[:3] == ["worker-1", "10", "0.2500"]
        await press(pilot, "h")
        await until(pilot, lambda: "2/3 rates, messages/s · the whole run" in screen(pilot), "the rates")
        await press(pilot, "plus", "plus", "plus")
        await until(pilot, lambda: "last 10 s" in screen(pilot), "the last ten seconds")
        await press(pilot, "minus", "v")
        await until(pilot, lambda: "last minute · ‖ held" in screen(pilot))
        still = charts(pilot).copied()
        latest = stage.history.latest
        await until(pilot, lambda: stage.history.latest > latest + 0.6)
        assert charts(pilot).copied() == still
        await press(pilot, "v")
        await until(pilot, lambda: charts(pilot).copied() != still, "the chart going on")
        saved = charts(pilot).saved()
        assert saved
        name, text = saved
        table = list(csv.reader((text if isinstance(text, str) else text()).splitlines()))
        assert name == "pipeline-charts.csv"
        last = dict(zip(table[0], table[-1], strict=True))
        assert last["worker-1 received tasks"] == "10"
        assert {len(row) for row in table} == {len(table[0])}
        await press(pilot, "z")
        await until(pilot, lambda: all(title in screen(pilot) for title in ("Shares", "Rates", "Under way")))
        assert view.is_mounted


async def test_what_a_subscriber_missed_and_when() -> None:
    """A subscriber that was killed for a while must show how many it missed, why, and at what time of the run."""
    knobs = {"subscriber-1.filter": (b"1",)}
    async with playing("pubsub", size=(120, 40), pubsub=knobs) as pilot:
        stage = pilot.app.pane.stage  # type: ignore[attr-defined]
        await press(pilot, "h", "z", "down", "space")
        await until(pilot, lambda: stage.view().instance("subscriber-1").received.messages > 100)
        await press(pilot, "k")
        await until(pilot, lambda: re.search(r"while it was away +[\d,]+ ·*[▁-█]", screen(pilot)), "what it missed")
        await press(pilot, "r")
        await until(pilot, lambda: re.search(r"while it was away +[\d,]+ ·*[▁-█]+··", screen(pilot)), "its end")
        await press(pilot, "space")
        await until(pilot, lambda: not stage.running)
        losses = stage.view().instance("subscriber-1").losses
        # The sums on the screen are the ledger's, the last moment included.
        wanted = rf"subscriber-1 received {losses.received:,} of {losses.published:,}, missing {losses.missing:,} "
        await until(pilot, lambda: re.search(wanted, screen(pilot)), wanted)


async def test_round_trips_and_sparklines() -> None:
    """You should see p50, p99 and max with units, and on each card how its rate went, in the place it always has."""
    async with playing("reqrep", size=(120, 40), reqrep={"requests": 0, "work": 0.02}) as pilot:
        await press(pilot, "h", "down")
        before = [card.size for card in pilot.app.query("Card")]
        await press(pilot, "space")
        legend = r"p50 [\d.]+ m?s +╍╍ p99 [\d.]+ m?s +┅┅ max [\d.]+ m?s"
        await until(pilot, lambda: re.search(legend, screen(pilot)), "the legend")
        await until(pilot, lambda: re.search(r"\d ms ┤", screen(pilot)), "an axis with units")
        await until(pilot, lambda: len(re.findall(r" [▁▂▃▄▅▆▇]*█[▁▂▃▄▅▆▇█]*( |$)", screen(pilot), re.M)) >= 2)
        assert [card.size for card in pilot.app.query("Card")] == before


async def test_a_selection_is_marked_at_rest() -> None:
    """Whoever is selected must be marked in the shares, though not a letter of the chart changes."""

    def reversed_name() -> str:
        strips = [strip for strip in pilot.app.screen._compositor.render_strips() if "worker-" in strip.text]
        parts = [part for strip in strips for part in strip if part.style and part.style.reverse and part.style.bold]
        return " ".join(part.text.strip() for part in parts)

    knobs = {"tasks": 20, "cost_min": 1, "cost_max": 2}
    async with playing("pipeline", size=(120, 40), pipeline=knobs) as pilot:
        await press(pilot, "h", "z", "space")
        await until(pilot, lambda: "w starts the batch" in screen(pilot))
        await press(pilot, "w")
        await until(pilot, lambda: "worker received 20" in screen(pilot))
        await press(pilot, "space")
        await until(pilot, lambda: "Stopped." in screen(pilot))
        # Alone: other charts change their words too.
        await press(pilot, "h")
        await until(pilot, lambda: "1/3 shares" in screen(pilot))
        for name in ("worker-1", "worker-2", "worker-3"):
            await press(pilot, "down")
            await until(pilot, lambda name=name: reversed_name() == name)  # type: ignore[misc]


class Scripted(App[None]):
    """Shows the charts of a publish–subscribe whose first subscriber was away from the sixth to the tenth second."""

    def __init__(self) -> None:
        super().__init__()
        self.charts = Charts()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every meaning its colour."""
        return meanings(dark=True)

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield self.charts

    def on_mount(self) -> None:
        """Draw when the view knows its size."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw the scripted data."""
        history, pattern = History(), find("pubsub")
        history.begin(100.0)
        names = {"publisher": "publisher", "subscriber-1": "subscriber", "subscriber-2": "subscriber"}
        slots = {
            name: SimpleNamespace(name=name, role=SimpleNamespace(name=role), work_before=0.0, actor=None)
            for name, role in names.items()
        }
        for number in range(1, 57):
            away = min(max(0, number - 24), 16) * 25
            sent, got = Tally(number * 100), Tally(number * 25 - away)
            ports = [PortView("weather", "PUB", sent, Tally()), PortView("weather", "SUB", Tally(), got)]
            dropped = max(0, number - 48) * 5
            accounts = {
                "publisher": Account((ports[0],)),
                "subscriber-1": Account((ports[1],), Losses(got.messages, before=8, away=away)),
                "subscriber-2": Account((), Losses(number * 10 - dropped, before=40, dropped=dropped, in_flight=3)),
            }
            history.keep(100 + number / 4, cast("Any", slots), accounts, ())
        with Stage(pattern) as stage:
            stage.set_count("subscriber", 2)
            view = stage.view()
        ranks = {name: number for number, name in enumerate(names)}
        index = EventIndex(Journal())
        self.charts.show(Scene(view, {}, "subscriber-1", None, index, history, dict, ranks))


def test_charts_of_scripted_data(snap_compare: Callable[..., bool]) -> None:
    """You should see what each subscriber missed, why and when, with axes and units, beside the rates."""
    assert snap_compare(Scripted(), terminal_size=(118, 34))


@pytest.mark.parametrize(
    ("rates", "text"),
    [
        ([None, None, 0.0, 0.1, 50.0, 100.0], "  ▁▂▅█"),
        ([0.0, 0.0], "▁▁"),
        ([], ""),
    ],
)
def test_a_sparkline_tells_nothing_from_little(rates: list[float | None], text: str) -> None:
    """A message now and then must be seen beside none at all, and a time before the start be neither."""
    assert spark(rates) == text

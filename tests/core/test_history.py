"""Counts over time: a whole run in bounded memory, exact, with round trips by length, whoever comes and goes."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
import zmq

from tests.helpers import connected, instance, pattern_of, stage_of, stop, until
from zmqtui.core.books.account import Account
from zmqtui.core.books.history import MOST, History
from zmqtui.core.books.moments import Count, Past, Table
from zmqtui.core.books.trips import RoundTrips, percentile
from zmqtui.core.journal import Tally, now
from zmqtui.core.stage import Stage
from zmqtui.core.watch import PortView
from zmqtui.patterns import find


def nearest_rank(values: Sequence[float], share: float) -> float:
    """Return a percentile as it is defined."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def last(stage: Stage, who: str, what: str, at: str = "") -> float:
    """Return the last value of a count."""
    return stage.history.past().of(who, what, at)[-1]


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_percentiles_of_any_span_are_right_within_three_percent(share: float) -> None:
    """A p99 on the screen must be what somebody with all the numbers would have computed, microseconds to minutes."""
    dice = random.Random(1)
    trips = RoundTrips()
    for _ in range(500):
        trips.add([dice.lognormvariate(0, 3)])
    before, _ = trips.look()
    lengths = [dice.lognormvariate(-7, 2.5) for _ in range(2_000)]
    for length in lengths:
        trips.add([length])
    after, longest = trips.look()
    assert percentile(before, after, share) == pytest.approx(nearest_rank(lengths, share), rel=0.03)
    assert longest == max(lengths)
    assert sum(after) == 2_500
    assert percentile(after, after, share) is None


def test_a_long_run_loses_detail_and_nothing_else() -> None:
    """After a day there are no more moments than after five minutes, the first and last are there, all exact."""
    dice = random.Random(2)
    table: Table = Table(0.25, MOST, whole=True)
    peaks = []
    for number in range(50_000):
        peaks.append(dice.random())
        bins = {"client": [number]}
        table = table.offer(number / 4, {Count("a", "sent"): number}, bins, {"client": peaks[-1]}, last=False)
    past = Past(table, 0.0)
    assert MOST / 2 <= len(past.times) <= MOST
    assert past.times[0] == 0
    assert past.times[-1] > 12_500 - table.step - 1
    assert list(past.of("a", "sent")) == [when * 4 for when in past.times]
    counts, longest = past.trips("client")
    assert [float(bins[0]) for bins in counts] == list(past.of("a", "sent"))
    for index in range(1, len(past.times)):
        first, end = int(past.times[index - 1] * 4), int(past.times[index] * 4)
        assert longest[index] == max(peaks[first + 1 : end + 1])


def test_every_span_comes_in_steps_as_fine_as_there_are() -> None:
    """Ten seconds of a run of three hours must still be shown in quarters of a second."""
    history = History()
    history.begin(100.0)
    slot = SimpleNamespace(name="server", role=SimpleNamespace(name="server"), work_before=0.0, actor=None)
    for number in range(1, 43_200):
        ports = (PortView("line", "REP", Tally(number), Tally()),)
        slots, accounts = {"server": slot}, {"server": Account(ports)}
        history.keep(100 + number / 4, cast("Any", slots), accounts, ())
    for span, step in ((10, 0.25), (60, 0.25), (600, 2), (0, 16)):
        past = history.past(span)
        assert past.times[-1] - past.times[-2] <= step
        assert past.times[0] <= (history.latest - span if span else history.began)
        assert len(past.times) <= MOST
        assert past.of("server", "sent", "line")[-1] == pytest.approx((past.times[-1] - 100) * 4)


def test_reading_needs_no_waiting() -> None:
    """The screen reads while the books write and throw away: every column must be as long as the moments."""
    tables = [Table(0.0, 50, whole=True)]
    done = threading.Event()

    def write() -> None:
        for number in range(20_000):
            values = {Count(f"{each}", "sent"): float(number) for each in range(min(20, 1 + number // 100))}
            tables[0] = tables[0].offer(float(number), values, {}, {}, last=True)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while not done.is_set():
            past = Past(tables[0], 0.0)
            for count in past.counts:
                column = past.of(*count)
                assert len(column) == len(past.times)
                assert not len(column) or column[-1] in (past.times[-1], 0.0)
    finally:
        writer.join()


def test_the_shares_of_a_batch_and_nothing_under_way_after_it() -> None:
    """Which worker got most must be told exactly, and what is under way must come back to 0 at the batch's end."""
    knobs = {"tasks": 60, "batches": 1, "cost_min": 1, "cost_max": 20, "worker-2.slowdown": 4.0}
    with stage_of(find("pipeline"), knobs=knobs) as stage:
        stage.start()
        connected(stage, "tasks", 4)
        stage.press()
        until(lambda: stage.view().of("sink")[0].received.messages == 61, what="all results")
        until(lambda: last(stage, "sink", "received", "results") == 61, what="the last moment")
        stop(stage)
        past = stage.history.past()
        for name in ("worker-1", "worker-2", "worker-3", "worker-4"):
            assert past.of(name, "received", "tasks")[-1] == instance(stage, name).received.messages
            assert past.of(name, "work")[-1] == pytest.approx(instance(stage, name).work)
        dealt, taken = past.of("ventilator", "sent", "tasks"), past.of("worker", "received", "tasks")
        under_way = [sent - received for sent, received in zip(dealt, taken, strict=True)]
        assert max(under_way) > 5
        assert under_way[0] == under_way[-1] == 0
        assert min(under_way) >= 0
        assert not stage.history.strangers


def test_totals_go_on_whoever_is_killed_restarted_removed_or_added() -> None:
    """A role's line must never fall because somebody left, nor forget who came again by the same name."""
    with stage_of(find("reqrep"), transport="inproc", knobs={"requests": 0, "work": 0.005}) as stage:
        stage.start()
        until(lambda: last(stage, "client-3", "received", "requests") > 5)
        stage.kill("client-2")
        stage.revive("client-2")
        # Dead, it receives no more: what it has is what it goes with, whenever the history looks next.
        stage.kill("client-3")
        stage.books.harvest()
        gone = instance(stage, "client-3").received.messages
        stage.remove("client-3")
        before = instance(stage, "client-1").received.messages
        assert stage.add("client") == "client-3"
        until(lambda: instance(stage, "client-1").received.messages > before + 20)
        until(lambda: last(stage, "client-3", "received", "requests") > gone)
        stop(stage)
        past = stage.history.past()
        assert past.of("client-3", "received", "requests")[-1] == gone + instance(stage, "client-3").received.messages
        for count in past.counts:
            column = list(past.of(*count))
            assert column == sorted(column), f"{count} fell"
        everybody = [past.of(f"client-{number}", "received", "requests")[-1] for number in (1, 2, 3)]
        assert past.of("client", "received", "requests")[-1] == sum(everybody)
        bins, _ = past.trips("client")
        assert sum(bins[-1]) == sum(everybody)


def test_round_trips_are_what_the_client_itself_measures() -> None:
    """What the chart calls a round trip must be what a stopwatch in the client says, from the last frame sent."""
    measured: list[float] = []
    dice = random.Random(3)

    def server(context: Any, endpoints: Any, knobs: Any) -> None:
        socket = context.socket(zmq.REP)
        socket.bind(endpoints.line)
        while True:
            socket.recv_multipart()
            threading.Event().wait(dice.uniform(0.005, 0.05))
            socket.send_multipart([b"one", b"two"])

    def client(context: Any, endpoints: Any, knobs: Any) -> None:
        socket = context.socket(zmq.REQ)
        socket.connect(endpoints.line)
        for _ in range(60):
            socket.send(b"first", zmq.SNDMORE)
            begun = now()
            socket.send(b"last")
            socket.recv_multipart()
            measured.append(now() - begun)

    with stage_of(pattern_of({"server": server, "client": client}, "REP", "REQ"), transport="inproc") as stage:
        stage.start()
        until(lambda: len(measured) == 60)
        until(lambda: last(stage, "client", "trips") == 60)
        bins, peaks = stage.history.past().trips("client")
        assert sum(bins[-1]) == 60
        assert max(peaks) == pytest.approx(max(measured), rel=0.02)
        assert last(stage, "client", "waited") == pytest.approx(sum(measured), rel=0.02)
        for share in (0.5, 0.99):
            assert percentile(None, bins[-1], share) == pytest.approx(nearest_rank(measured, share), rel=0.05)


def test_reset_and_start_begin_a_new_history() -> None:
    """What was before must not be in the charts of a new run, and what a run was stays when it is stopped."""
    with stage_of(find("reqrep"), transport="inproc", knobs={"requests": 0, "work": 0.01}) as stage:
        assert not stage.history.past().times
        stage.start()
        first = stage.history
        until(lambda: last(stage, "server", "sent", "requests") > 0)
        stage.reset()
        assert stage.history is not first
        until(lambda: last(stage, "server", "sent", "requests") > 0)
        stop(stage)
        assert last(stage, "server", "sent", "requests") == instance(stage, "server").sent.messages
        ended = stage.history.latest
        stage.remove("client-3")
        assert stage.history.latest == ended


def test_others_that_take_part_are_noticed() -> None:
    """Where an outside program takes messages, what is under way cannot be known: it must not be made up."""
    with stage_of(find("pipeline")) as stage, zmq.Context() as context, context.socket(zmq.PULL) as outside:
        stage.start()
        connected(stage, "tasks", 4)
        outside.connect(stage.addresses["tasks"])
        until(lambda: "tasks" in stage.history.strangers, what="a stranger")
        assert "results" not in stage.history.strangers

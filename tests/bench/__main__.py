"""The benchmarks: ``make bench``. Each row is a ratio or a percentile from one run, medians of interleaved rounds."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import textual
import zmq

from tests.bench import loops, scale, screens


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        what: What was measured.
        value: The result.
        unit: What it counts; ``×`` for a ratio.
        goal: What is to be reached, in words; empty where it is for information only.
        met: Whether it is.
        seen: The figures behind it.
    """

    what: str
    value: float
    unit: str
    goal: str
    met: bool
    seen: str = ""


def at_least(what: str, value: float, goal: float, seen: str = "") -> Row:
    """Make the row of a ratio that must not be lower."""
    return Row(what, value, "×", f"≥ {goal:g}", value >= goal, seen)


def at_most(what: str, value: float, goal: float, unit: str, seen: str = "") -> Row:
    """Make the row of a figure that must not be higher."""
    return Row(what, value, unit, f"≤ {goal:g}", value <= goal, seen)


def ratio(first: Callable[[], float], second: Callable[[], float], rounds: int) -> tuple[float, str]:
    """Return the median of first / second over interleaved rounds, and the medians of both."""
    pairs = [(first(), second()) for _ in range(rounds)]
    ours, theirs = median(pair[1] for pair in pairs), median(pair[0] for pair in pairs)
    return median(one / other for one, other in pairs), f"{_time(theirs)} and {_time(ours)}"


def _time(seconds: float) -> str:
    return (
        f"{seconds:.2f} s"
        if seconds >= 1
        else f"{seconds * 1e3:.1f} ms"
        if seconds >= 1e-3
        else f"{seconds * 1e6:.1f} µs"
    )


def throughput(rounds: int) -> Iterator[Row]:
    """Compare the loops as roles of a stage with the same on plain pyzmq."""
    names = {"push": ("PUSH→PULL, 20 B", 1.0), "publish": ("PUB→8 SUB, one filter in 8 each", 1.0)}
    for name, (title, goal) in names.items():
        for transport in ("inproc", "tcp"):
            value, seen = ratio(
                partial(loops.plain, name, transport),
                partial(loops.traced, name, transport),
                rounds,
            )
            yield at_least(f"{title}, {transport}", value, goal, seen)
    for transport in ("inproc", "tcp"):
        value, seen = ratio(
            partial(loops.traced, "ask", transport),
            partial(loops.plain, "ask", transport),
            rounds,
        )
        yield at_most(f"REQ–REP round trip p50, {transport}", value, 1.05, "×", seen)


def on_view(rounds: int) -> Iterator[Row]:
    """Compare PUSH→PULL with its tab on view with the same on plain pyzmq and no app."""
    for transport in ("inproc", "tcp"):
        value, seen = ratio(
            partial(loops.plain, "push", transport),
            partial(_on_view, transport),
            rounds,
        )
        yield at_least(f"PUSH→PULL on view, {transport}", value, 0.85, seen)


def _on_view(transport: str) -> float:
    return screens.loop_on_view("push", transport, loops.TOTAL["push"])[0]


CARDS = ["server", "client-1", "client-2", "client-3"]


def keys(rounds: int) -> Iterator[Row]:
    """Measure from the press of a key to its paint."""
    count = 20 * rounds
    full = ("pubsub", "--transport", "inproc", "--start", "--set", "rate=0")
    names = ["publisher", "subscriber-1", "subscriber-2", "subscriber-3"]
    busy = screens.keys(names, count, *full, ready=b"messages a second", others="1 3 w2", settle=3)
    p50, p99 = median(busy), quantiles(busy, n=100, method="inclusive")[98]
    yield at_most("key to paint, everything at full speed, p50", p50 * 1e3, 20, "ms")
    yield at_most("key to paint, everything at full speed, p99", p99 * 1e3, 60, "ms")
    idle = screens.keys(CARDS, count, "reqrep", "--transport", "inproc", ready=screens.WHOLE)
    bare = screens.bare_keys(count)
    yield at_most(
        "key to paint, idle, p50", median(idle) / median(bare), 1.2, "× bare",
        f"{_time(median(idle))} and {_time(median(bare))}",
    )  # fmt: skip


def start(rounds: int) -> Iterator[Row]:
    """Measure from the process's start to the first picture, and to the one that has everything."""
    bare = partial(screens.first_paint, "bare", until=screens.BARE)
    pictures = (("first paint", screens.FIRST, 2 * rounds), ("all of what follows it", screens.WHOLE, rounds))
    for what, until, times in pictures:
        ours = partial(screens.first_paint, "playground", until=until)
        # Modules are compiled by now.
        ours(), bare()
        value, seen = ratio(ours, bare, times)
        if until is screens.FIRST:
            yield at_most(what, value, 1.3, "× bare", seen)
        else:
            yield Row(what, value, "× bare", "", True, seen)


def processor(rounds: int) -> Iterator[Row]:
    """Measure the time that the view takes."""
    above = median(
        screens.processor(3, "playground", ready=screens.WHOLE) - screens.processor(3, "bare", ready=screens.BARE)
        for _ in range(rounds)
    )
    yield at_most("processor, nothing started, above bare", above * 100, 0.5, "% of a core")
    view = median(
        screens.processor(3, "playground", "pubsub", "--start", ready=b"messages a second") - _headless(3)
        for _ in range(rounds)
    )
    yield at_most("processor of the view at 20,000 msg/s", view * 100, 15, "% of a core")


def _headless(seconds: float) -> float:
    from zmqtui.core.stage import Stage
    from zmqtui.patterns import find

    with Stage(find("pubsub"), at={"weather": loops.address("tcp")}) as stage:
        stage.start()
        time.sleep(1.5)
        before = time.process_time()
        time.sleep(seconds)
        return (time.process_time() - before) / seconds


def scales(rounds: int) -> Iterator[Row]:
    """Measure many instances, long logs and many messages."""
    for transport in ("inproc", "tcp"):
        seconds, size = scale.apart(scale.many_subscribers, 1000, transport)
        yield at_most(f"1,000 subscribers start, {transport}", seconds, 2, "s")
        plain = f"{scale.apart(scale.plain_subscribers, 1000, transport) / 1000:.0f} kB on plain pyzmq"
        yield at_most(f"memory of each of them, {transport}", size / 1000, 100, "kB", plain)
    value, seen = ratio(partial(scale.scrolling, 100_000), partial(scale.scrolling, 100), rounds)
    yield at_most("a frame of scrolling 100,000 events", value, 1.2, "× 100 events", seen)
    crowd = [f"client-{number}" for number in range(1, 64)]
    times = screens.keys(
        ["server", *crowd], 20 * rounds, "reqrep", "--start", "--transport", "inproc", "--set", "client=63",
        ready=b"the server works",
    )  # fmt: skip
    yield at_most("key to paint, 64 roles, p99", quantiles(times, n=100, method="inclusive")[98] * 1e3, 100, "ms")
    leaving = screens.quitting(
        "playground", "reqrep", "--start", "--transport", "inproc", "--set", "client=63", ready=b"the server works"
    )
    yield at_most("quitting, 64 roles blocked", leaving, 0.5, "s")
    _, grown = screens.loop_on_view("push", "inproc", 10_000_000)
    yield at_most("memory of a tab from 1 to 10 million messages", grown / 2**20, 5, "MiB more")


PARTS = {
    "throughput": throughput,
    "view": on_view,
    "keys": keys,
    "start": start,
    "processor": processor,
    "scale": scales,
}


def main() -> int:
    """Measure, print the table and save it."""
    parser = argparse.ArgumentParser("make bench")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[], help="what to measure; all without")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds of each")
    parser.add_argument("--json", default="bench.json", help="where to save the table")
    arguments = parser.parse_args()
    about = {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "pyzmq": zmq.__version__,
        "libzmq": zmq.zmq_version(),
        "textual": textual.__version__,
    }
    print(", ".join(f"{name} {value}" for name, value in about.items()))  # noqa: T201
    rows: list[Row] = []
    for name in arguments.parts or PARTS:
        for row in PARTS[name](arguments.rounds):
            rows.append(row)
            mark = " " if not row.goal else "✓" if row.met else "✗"
            print(f"{mark} {row.what:<48} {row.value:9.3f} {row.unit:<14} {row.goal:<8} {row.seen}", flush=True)  # noqa: T201
    document = {**about, "rows": [row._asdict() for row in rows]}
    Path(arguments.json).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

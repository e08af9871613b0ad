"""The soak: ``make soak``. Random operations on stages, random keys for the app, bytes that nobody should send."""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import os
import random
import sys
import time
from collections.abc import Iterable, Sequence
from statistics import median

from tests.soak.keys import Keyboard
from tests.soak.measure import Left, Noise, Sample, Spread, spread
from tests.soak.nemesis import Nemesis, Report
from tests.soak.play import Violation
from tests.soak.watchdog import Watchdog
from zmqtui.core.collector import collect_seldom
from zmqtui.core.threads.life import PATIENCE

P99, MOST = 10.0, 50.0
"""Milliseconds that a stop may take, beyond what the machine's own noise takes."""
ENOUGH = 500
"""Stops of which the slowest are more than chance. Half a minute among other tests has fewer: of those nine in ten must
be within `P99`, and none may take so long that a role would be given up."""
GROWTH = 5.0
"""MiB by which memory may grow after the warm-up, the first third."""
ROUNDS = 24
"""Rounds in which what is in memory has had its worst moments; in fewer each of them passes for growth."""
SHARES = {"stages": 0.7, "keys": 0.2, "garbage": 0.1}
"""The parts, and how much of the time is theirs."""
KEYS = 150
"""Keys typed on one run of the app."""
GARBAGE = "tests.soak.garbage"


def main() -> int:
    """Play, tell what came of it, and return 1 if something did not hold."""
    parser = argparse.ArgumentParser("python -m tests.soak")
    parser.add_argument("--seed", type=int, help="what everything is drawn from; any without")
    parser.add_argument("--seconds", type=float, default=600, help="how long in all")
    parser.add_argument(
        "--operations", type=int, default=0, help="operations on stages at least, however long it takes"
    )
    parser.add_argument("--part", choices=SHARES, help="only this part")
    parser.add_argument("--round", type=int, help="play this round of a part again, and nothing else")
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(10**6)
    say(f"seed {arguments.seed}, load {os.getloadavg()[0]:.1f}")
    # As the app does it once it is there.
    gc.collect()
    collect_seldom()
    parts = {"stages": stages, "keys": keys, "garbage": garbage}
    violations: list[str] = []
    for name in [arguments.part] if arguments.part else SHARES:
        share = 1.0 if arguments.part else SHARES[name]
        violations += parts[name](arguments, time.monotonic() + share * arguments.seconds)
    for violation in violations:
        say(f"VIOLATION: {violation}")
    say("FAILED" if violations else "all of it holds")
    return bool(violations)


def say(text: str, end: str = "\n") -> None:
    """Print at once."""
    print(text, end=end, flush=True)  # noqa: T201


def stages(arguments: argparse.Namespace, deadline: float) -> list[str]:
    """Play rounds of operations on stages; return what did not hold."""
    report, noise = Report(arguments.seed), Noise()
    nemesis = Nemesis(report)
    if arguments.round is not None:
        nemesis.play(arguments.round)
    else:
        while time.monotonic() < deadline or report.operations < arguments.operations:
            nemesis.play(report.rounds)
    nemesis.close()
    report.stops.noise = noise.stop()
    stops, left = _stops(report), grown(report.left)
    return [*report.violations, *stops, *left]


def _line(name: str, samples: Iterable[Sample]) -> Spread:
    samples = list(samples)
    seen = spread(samples)
    say(f"  {name:<30} {len(samples):6,} × p50 {seen.p50:8.2f} ms, p99 {seen.p99:8.2f} ms, max {seen.most:8.2f} ms")
    for sample in sorted(samples, key=lambda each: -each.seconds)[:3]:
        if sample.what:
            say(f"    {sample.seconds * 1000:8.2f} ms {sample.what}")
    return seen


def _stops(report: Report) -> list[str]:
    """Tell how long stops took; return what was too long.

    What counts is how much longer a stop took than the worst of the control within a second of it: on a busy machine,
    and in company of busy roles, plain threads are late, too.
    """
    stops = report.stops
    say(f"stages: {report.operations:,} operations in {report.rounds} rounds, load {os.getloadavg()[0]:.1f}")
    say("  " + ", ".join(f"{count} {kind}" for kind, count in sorted(report.kinds.items())))
    _line("stops of one blocked role", stops.blocked)
    _line("stops of one busy role", stops.busy)
    _line("stops, several at once", stops.company)
    _line("stops of a whole stage", stops.whole)
    every = [*stops.blocked, *stops.busy, *stops.company, *stops.whole]
    bare = _line("every stop", every)
    beyond = _line("  beyond the control", stops.excess(every))
    _line("until a stage has settled", stops.settled)
    _line("control: a plain thread here", stops.control)
    _line("for comparison: as many threads", stops.crowd)
    _line("control: in another process", stops.noise)
    if bare.p99 >= P99 or bare.most >= MOST:
        say(f"  by the clock alone that is above p99 {P99:g} ms or max {MOST:g} ms")
    share, bound, most = ("p99", beyond.p99, MOST) if len(every) >= ENOUGH else ("p90", beyond.p90, PATIENCE * 1000)
    if bound >= P99 or beyond.most >= most:
        return [f"stops take too long beyond the control: {share} {bound:.1f}, max {beyond.most:.1f} ms"]
    return []


def grown(left: Sequence[Left]) -> list[str]:
    """Tell what the process has after each round; return what grew.

    What is in use is judged, and where there were enough rounds what is in memory, by the medians of the last two
    thirds: its rest is room in between, which comes and goes.
    """
    warm, last = left[len(left) // 3], left[-1]
    say(f"  threads {warm.threads} → {last.threads}, descriptors {warm.descriptors} → {last.descriptors}", end="")
    say(f", sockets {warm.sockets} → {last.sockets}, stages in memory {warm.stages} → {last.stages}")
    say(f"  in use {warm.used:.1f} → {last.used:.1f} MiB; in memory {warm.memory:.1f} → {last.memory:.1f} MiB:", end="")
    say("".join(f" {each.memory:.0f}" for each in left[:: max(1, len(left) // 12)]))
    more = last.used - warm.used
    found = [f"memory in use grew by {more:.1f} MiB after the warm-up"] if more > GROWTH else []
    if third := len(left) // 3:
        before, after = (median(each.memory for each in part) for part in (left[third : 2 * third], left[2 * third :]))
        say(f"  medians of the second and the last third: {before:.1f} → {after:.1f} MiB")
        if after - before > GROWTH and len(left) >= ROUNDS:
            found.append(f"memory grew by {after - before:.1f} MiB after the warm-up")
    return found


def keys(arguments: argparse.Namespace, deadline: float) -> list[str]:
    """Type at random on runs of the app; return what did not hold."""
    violations: list[str] = []
    number, typed = arguments.round or 0, 0
    board = Keyboard(f"{arguments.seed} keys {number}")
    watchdog = Watchdog(lambda: f"keys of round {number}: {board.story}")
    while True:
        try:
            with watchdog.watching(6 * KEYS):
                board.play(KEYS)
                board.leave()
        except (Violation, AssertionError) as violation:
            again = f"python -m tests.soak --seed {arguments.seed} --part keys --round {number}"
            violations.append(f"keys, round {number}: {violation}\nagain: {again}\ntyped: {board.story}")
        finally:
            board.close()
        typed += len(board.typed)
        number += 1
        if arguments.round is not None or time.monotonic() > deadline:
            break
        board = Keyboard(f"{arguments.seed} keys {number}")
    watchdog.close()
    say(f"keys: {typed:,} in {number - (arguments.round or 0)} runs of the app")
    return violations


def garbage(arguments: argparse.Namespace, deadline: float) -> list[str]:
    """Send bytes that nobody should send; return what did not hold."""
    if importlib.util.find_spec(GARBAGE) is None:
        return []
    found: list[str] = importlib.import_module(GARBAGE).run(arguments.seed, deadline - time.monotonic())
    return found


if __name__ == "__main__":
    sys.exit(main())

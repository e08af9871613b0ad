"""The siege at full length: thousands of connections full of garbage, and what the process has afterwards."""

from __future__ import annotations

import gc
import os
import threading
import time
from typing import NamedTuple

import pytest

from tests.helpers import until
from tests.hostile.siege import KINDS, Siege, siege
from zmqtui.core.gauge import Gauge, give_back

ROUNDS = 20
"""Connections to each victim between two looks at whether real peers are served."""
WARM = 2_000
"""Connections after which the process has all that it will need."""
CONNECTIONS, LONG = 12_000, 20.0
"""Connections that come at least, in as many seconds or more."""
GROWTH = 5.0
"""MiB by which its memory may be larger in the end."""


class Had(NamedTuple):
    """What the process had at one moment, with nobody connected and nothing in the journals."""

    descriptors: int
    threads: int
    mib: float


def run(seed: int, seconds: float) -> list[str]:
    """Besiege a bound socket of every type, for so long, and tell what came of it.

    Args:
        seed: What the garbage is drawn from.
        seconds: How long; in as much as `LONG` at least `CONNECTIONS` come, however long they take.

    Returns:
        What did not hold.
    """
    until = time.monotonic() + seconds
    try:
        line = besiege(seed, CONNECTIONS if seconds >= LONG else 0, until)
    except (AssertionError, OSError, pytest.fail.Exception) as violation:
        return [f"garbage: {violation}\nagain: python -m tests.soak --seed {seed} --part garbage"]
    print(line, flush=True)  # noqa: T201
    return []


def besiege(seed: int, connections: int, deadline: float = 0.0) -> str:
    """Besiege a bound socket of every type, and see all the while that real peers are served.

    Args:
        seed: What the garbage is drawn from.
        connections: How many at least, over all types.
        deadline: Until when at least, on the monotonic clock.

    Returns:
        What happened, in a line.

    Raises:
        AssertionError: If somebody was not served, a role failed, or something is left behind.
    """
    begun = time.monotonic()
    with siege(seed) as laid:
        before: Had | None = None
        while laid.connections < connections or time.monotonic() < deadline or before is None:
            laid.press(ROUNDS)
            # They grow up to their bound, and what Python has taken for that it does not give back.
            laid.forget()
            if before is None and laid.connections >= min(WARM, connections / 2 or WARM):
                before = had(laid)
        until(lambda: _less(had(laid), before), what=f"as little as {before}: there is {had(laid)}")
        after = had(laid)
    seconds = time.monotonic() - begun
    return (
        f"garbage: {laid.connections:,} connections to {len(KINDS)} types of sockets in {seconds:.0f} s:"
        f" every type served real peers throughout; descriptors {before.descriptors} and then {after.descriptors},"
        f" threads {before.threads} and {after.threads}, {before.mib:.1f} and {after.mib:.1f} MiB"
    )


def had(laid: Siege) -> Had:
    """Return what the process has once nobody is connected any more."""
    laid.leave()
    laid.forget()
    gc.collect()
    give_back()
    gauge = Gauge()
    mib = gauge.mib()
    gauge.close()
    return Had(len(os.listdir("/dev/fd")), threading.active_count(), mib)


def _less(after: Had, before: Had) -> bool:
    return (
        after.descriptors <= before.descriptors and after.threads <= before.threads and after.mib <= before.mib + GROWTH
    )

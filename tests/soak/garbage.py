"""The siege at full length: thousands of connections full of garbage, and what the process has afterwards."""

from __future__ import annotations

import gc
import os
import threading
import time
from typing import NamedTuple

from tests.helpers import until
from tests.hostile.siege import KINDS, Siege, siege
from zmqtui.core.gauge import Gauge, give_back

ROUNDS = 20
"""Connections to each victim between two looks at whether real peers are served."""
WARM = 2_000
"""Connections after which the process has all that it will need."""
GROWTH = 5.0
"""MiB by which its memory may be larger in the end."""


class Had(NamedTuple):
    """What the process had at one moment, with nobody connected and nothing in the journals."""

    descriptors: int
    threads: int
    mib: float


def run(connections: int = 12_000, seed: int = 1) -> str:
    """Besiege a bound socket of every type, and see all the while that real peers are served.

    Args:
        connections: How many at least, over all types.
        seed: What the garbage is drawn from.

    Returns:
        What happened, in a line.

    Raises:
        AssertionError: If somebody was not served, a role failed, or something is left behind.
    """
    begun = time.monotonic()
    with siege(seed) as laid:
        before: Had | None = None
        while laid.connections < connections:
            laid.press(ROUNDS)
            # They grow up to their bound, and what Python has taken for that it does not give back.
            laid.forget()
            if before is None and laid.connections >= min(WARM, connections / 2):
                before = had(laid)
        assert before is not None
        until(lambda: _less(had(laid), before), what=f"as little as {before}: there is {had(laid)}")
        after = had(laid)
    seconds = time.monotonic() - begun
    return (
        f"{laid.connections:,} garbage connections to {len(KINDS)} types of sockets in {seconds:.0f} s, seed {seed}:"
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


if __name__ == "__main__":
    print(run())  # noqa: T201

"""Python's garbage collector, which lets no thread go on while it looks through everything."""

from __future__ import annotations

import gc

SELDOM = 1000
"""Collections of the middle generation from one of all garbage to the next: minutes at full speed."""


def collect_seldom() -> None:
    """Take what there is for what stays, and look through everything seldom from here on.

    Looking through it again and again would cost 80 ms each time, every other second, and roles make no cycles.
    """
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], SELDOM)
    gc.enable()

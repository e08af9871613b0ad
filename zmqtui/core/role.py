"""The words of a role function beyond pyzmq: what `print`, `input`, `sleep` and `randint` are in a script."""

from __future__ import annotations

import random
import time

from zmqtui.core.threads.actor import current

__all__ = ["ask", "randint", "say", "sleep"]


def say(text: str, end: str = "\n") -> None:
    """Print `text` to the role's log."""
    if actor := current():
        actor.say(text, end)
    else:
        print(text, end=end, flush=True)  # noqa: T201


def ask(prompt: str) -> None:
    """Wait until the user answers, as ``input`` does."""
    if actor := current():
        actor.ask(prompt)
    else:
        input(prompt)


def sleep(seconds: float) -> None:
    """Sleep as ``time.sleep`` does; in a role this is work."""
    if actor := current():
        actor.sleep(seconds)
    else:
        time.sleep(seconds)


def randint(low: int, high: int) -> int:
    """Return a random whole number from `low` to `high`, both included; the same ones for the same seed."""
    actor = current()
    return (actor.random if actor else random).randint(low, high)

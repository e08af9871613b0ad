"""What the soak takes for growth."""

from __future__ import annotations

from tests.soak.__main__ import GROWTH, ROUNDS, grown
from tests.soak.measure import Left


def rounds(memory: list[float], used: list[float] | None = None) -> list[Left]:
    """Return rounds after which so many MiB were in memory and in use."""
    each = zip(memory, used or [20.0] * len(memory), strict=True)
    return [Left(3, 8, 0, 0, use, size) for size, use in each]


def test_memory_that_grows_and_grows() -> None:
    """Protects the soak from seeing nothing: a leak of any size shows, in what is in use at once."""
    assert grown(rounds([60.0 + number for number in range(ROUNDS)]))
    assert grown(rounds([60.0] * 4, [20.0, 20.0, 23.0, 21.0 + GROWTH]))


def test_the_worst_moment_is_no_growth() -> None:
    """Protects half a minute's soak: of four rounds one is the worst so far, and its room stays."""
    assert not grown(rounds([49.0, 53.0, 68.0, 64.0]))
    assert not grown(rounds([49.0, 53.0, *[66.0] * (ROUNDS - 2)]))

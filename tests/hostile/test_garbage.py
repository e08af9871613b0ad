"""Garbage on every type of socket that can be bound: real peers are served all the same."""

from __future__ import annotations

from tests.hostile.siege import KINDS
from tests.soak import garbage


def test_garbage_harms_nobody() -> None:
    """Protects every bound socket from peers that speak no ZeroMQ, and the process from what they leave behind.

    The soak does the same with 12,000 connections and more.
    """
    assert len(KINDS) == 12
    assert "every type served real peers" in garbage.besiege(1, 960)

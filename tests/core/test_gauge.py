"""What the process has taken, as the system tells it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zmqtui.core import gauge
from zmqtui.core.gauge import Gauge


def test_memory_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Protects the memory guard where only the most there ever was is known: it is told in the same unit."""
    usual = Gauge()
    monkeypatch.setattr(gauge, "_PAGES", tmp_path / "none")
    other = Gauge()
    try:
        block = b"x" * (32 << 20)
        assert 32 < usual.mib() < other.mib() * 1.5
        assert other.mib() < usual.mib() * 100
        del block
    finally:
        usual.close()
        other.close()


def test_descriptors() -> None:
    """Protects the count of descriptors: one more is one more."""
    measured = Gauge()
    more = [os.open(os.devnull, os.O_RDONLY) for _ in range(3)]
    try:
        used, most = measured.descriptors()
        assert more[-1] < used < most
    finally:
        measured.close()
        for each in more:
            os.close(each)

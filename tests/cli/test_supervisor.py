"""What the process that outlives the app says and does beside the terminal."""

from __future__ import annotations

import gc
import signal
import sys

import pytest

from zmqtui.__main__ import main
from zmqtui.cli import supervisor
from zmqtui.cli.supervisor import _cause

ASSERTION = b"Assertion failed: !_closed (src/socket_base.cpp:123)\n"


@pytest.mark.parametrize(
    ("number", "text", "said"),
    [
        (signal.SIGABRT, b"see notes.cpp:1\n" + ASSERTION, "libzmq ended the program: Assertion failed: !_closed"),
        (signal.SIGABRT, b"", "the program was ended by SIGABRT"),
        (signal.SIGSEGV, ASSERTION, "the program was ended by SIGSEGV"),
        (signal.SIGKILL, ASSERTION, "the program was killed (SIGKILL)"),
    ],
)
def test_the_cause(number: signal.Signals, text: bytes, said: str) -> None:
    """Protects libzmq from being blamed for what it did not do: it ends us by SIGABRT, and its reason comes last."""
    assert _cause(number, text).startswith(said)


def test_ctrl_c_before_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Ctrl-C in the first moment is an exit code, and no traceback."""

    def interrupted() -> int:
        raise KeyboardInterrupt

    # It is on again when the app is there, which is not opened here.
    monkeypatch.setattr(gc, "disable", lambda: None)
    monkeypatch.setattr(sys, "argv", ["zmqtui"])
    monkeypatch.setattr(supervisor, "wanted", lambda: True)
    monkeypatch.setattr(supervisor, "supervise", interrupted)
    assert main() == 130

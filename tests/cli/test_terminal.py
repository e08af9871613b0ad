"""The app opens in a terminal that is large enough, and nowhere else."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios

import pytest

from tests.cli import program


def open_in(columns: int, rows: int, *, on: str = "in out err") -> tuple[int, str]:
    """Start the app on a pseudo-terminal of that size, with only the named streams on it."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        read, write = os.pipe()
        with open(read, "rb") as errors, open(os.devnull, "r+b") as null:
            process = subprocess.Popen(
                program.command("pubsub"),
                stdin=theirs if "in" in on else null,
                stdout=theirs if "out" in on else null,
                stderr=theirs if "err" in on else write,
            )
            os.close(write)
            code = process.wait(program.PATIENCE)
            text = errors.read().decode()
        return code, text if "err" not in on else os.read(ours, 10_000).decode().replace("\r\n", "\n")
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(("columns", "rows"), [(39, 12), (40, 11), (1, 1)])
def test_a_small_terminal_is_refused(columns: int, rows: int) -> None:
    """You should see one line with both sizes instead of a broken screen."""
    code, text = open_in(columns, rows)
    assert code == 2
    assert text == f"zmqtui: the terminal has {columns}×{rows} characters: the app needs 40×12 at least\n"


@pytest.mark.parametrize(
    ("on", "missing"), [("out err", "input"), ("in err", "output"), ("in out", "error"), ("", "input")]
)
def test_no_terminal_no_app(on: str, missing: str) -> None:
    """Without a terminal the app would hang unseen: it says so and names the command that works without."""
    code, text = open_in(80, 24, on=on)
    assert code == 2
    assert text.count("\n") == 1
    assert f"standard {missing} is not a terminal" in text
    assert "zmqtui run" in text

"""Runs the real program in a process of its own."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any

PATIENCE = 30.0
"""Seconds after which a wait has failed; nothing here takes a tenth of it."""


def command(*words: str) -> list[str]:
    """Return the words that start the program."""
    return [sys.executable, "-m", "zmqtui", *words]


def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(command(*words), input=stdin, capture_output=True, text=True, timeout=PATIENCE, check=False)


def records(text: str) -> list[dict[str, Any]]:
    """Read JSON Lines; every line must be one object."""
    read = [json.loads(line) for line in text.splitlines()]
    assert all(type(record) is dict for record in read)
    return read


class Program:
    """The program while it runs: wait for what it writes, type, send it signals."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            command(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self.process.stdin
        assert self.process.stdout
        self.stdin, self._stdout = self.process.stdin, self.process.stdout
        self.text = ""

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def wait_for(self, text: str, times: int = 1) -> None:
        """Read standard output until `text` came so many times."""
        until = time.monotonic() + PATIENCE
        while self.text.count(text) < times:
            ready = select.select([self._stdout], [], [], max(0.0, until - time.monotonic()))[0]
            assert ready, f"{text!r} never came, only: {self.text[-2000:]}"
            data = os.read(self._stdout.fileno(), 65536)
            assert data, f"it ended before {text!r} came: {self.text[-2000:]}{self._errors()}"
            self.text += data.decode()

    def _errors(self) -> str:
        assert self.process.stderr
        return self.process.stderr.read().decode()

    def type(self, text: str) -> None:
        """Type on standard input."""
        self.stdin.write(text.encode())
        self.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def finish(self) -> tuple[int, str, str]:
        """Wait for the end; return the exit code, all of standard output, and standard error."""
        out, errors = self.process.communicate(timeout=PATIENCE)
        self.text += out.decode()
        return self.process.returncode, self.text, errors.decode()

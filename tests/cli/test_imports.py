"""What is imported when: the terminal's libraries only by the app."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROBE = """
import sys
from zmqtui.__main__ import main
code = main({words!r}.split())
loaded = [name for name in ("textual", "rich", "asyncio") if name in sys.modules]
print(code, loaded, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words",
    [
        "list",
        "list --json",
        "--version",
        "--help",
        "run reqrep --transport inproc --set work=0 --set requests=1",
        "run reqrep --transport inproc --set work=0 --set requests=1 --json",
    ],
)
def test_nothing_but_the_app_imports_the_screen(words: str) -> None:
    """The headless commands must work and start fast without Textual, Rich or asyncio."""
    probe = [sys.executable, "-c", _PROBE.format(words=words)]
    done = subprocess.run(probe, capture_output=True, text=True, timeout=30, check=True)
    assert done.stderr == "0 []\n"

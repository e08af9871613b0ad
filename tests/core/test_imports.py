"""The engine and the patterns know no screen."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("package", ["zmqtui.core.stage", "zmqtui.patterns", "zmqtui"])
def test_no_screen_is_loaded(package: str) -> None:
    """Protects headless use and quick starts: neither textual nor rich is imported, by anybody."""
    code = (
        f"import sys, {package}\n"
        "from zmqtui import patterns\n"
        "patterns.every()\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('textual', 'rich')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"

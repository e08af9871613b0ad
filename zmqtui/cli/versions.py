"""``zmqtui --version``."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import zmq

from zmqtui import __version__


def versions() -> dict[str, str]:
    """Return the versions that a bug report needs, by name."""
    return {
        "zmqtui": __version__,
        "pyzmq": zmq.__version__,
        "libzmq": zmq.zmq_version(),
        "Textual": _textual(),
        "Python": platform.python_version(),
    }


def show_versions() -> int:
    """Print them, one line each."""
    sys.stdout.write("".join(f"{name} {number}\n" for name, number in versions().items()))
    return 0


def _textual() -> str:
    try:
        return version("textual")
    except PackageNotFoundError:
        return "not installed"

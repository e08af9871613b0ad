"""Resizing under full traffic: nothing breaks, and afterwards all is drawn as if nothing had been."""

from __future__ import annotations

import os
import random
import signal

import pytest

from tests.ui.terminal import Terminal, terminal
from zmqtui.ui.view import View
from zmqtui.ui.views import VIEWS


def settle(app: Terminal) -> str:
    """Wait until the app draws no more and return what is on the screen."""
    size = -1
    while size != len(app.raw):
        size = len(app.raw)
        app.read(0.5)
    return app.text


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.NAME)
def test_any_size_and_back(view: type[View]) -> None:
    """Down to a single character, up to a wall, and back: the picture is the one that is drawn anew from nothing."""
    dice = random.Random(view.NAME)
    with terminal("pubsub", "--transport", "inproc", "--start") as app:
        app.shows("messages a second")
        app.type(view.KEY)
        app.type("z")
        app.shows("z smaller")
        for _ in range(5):
            for columns, rows in ((1, 1), (39, 11), (dice.randint(1, 400), dice.randint(1, 120)), (1, 1), (120, 40)):
                app.resize(columns, rows)
                for _ in range(dice.randint(0, 3)):
                    app.read(0.1)
        app.shows("messages a second", "z smaller")
        app.type(" ")
        app.shows("Stopped. space starts it")
        still = settle(app)
        # Who was stopped and goes on does not know what is on the screen, and draws all of it.
        screens = app.raw.count(b"\x1b[?1049h")
        os.killpg(app.process.pid, signal.SIGSTOP)
        os.killpg(app.process.pid, signal.SIGCONT)
        app.until(lambda: app.raw.count(b"\x1b[?1049h") > screens)
        assert settle(app) == still
        app.type("\x11")
        assert app.ends() == 0
        assert app.restored
        assert not app.orphans

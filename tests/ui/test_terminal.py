"""The app in a real terminal: its main job, and leaving the terminal as it was, however it is left."""

from __future__ import annotations

import os
import signal

import pytest

from tests.ui.terminal import PATIENCE, terminal


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_main_job(columns: int, rows: int) -> None:
    """Start, switch tabs, edit a filter, workers ready, quit: all by keys, and the terminal is as it was."""
    arguments = ("--transport", "inproc", "--set", "work=0.01")
    with terminal(*arguments, columns=columns, rows=rows) as app:
        app.shows("space starts it", "not started")
        app.type(" ")
        app.shows("Received reply", "30 of 30 replies")
        app.type("2")
        app.shows("publisher", "space starts it")
        app.type(" ")
        app.shows("messages a second")
        app.type("\x1b[B")
        app.type("f")
        # While an input has the cursor, the keys that it takes for itself are not offered.
        app.until(lambda: "Kill" not in app.text)
        app.type("10\r")
        app.shows("Average temperature")
        app.type("3")
        app.shows("connected 0/4")
        app.type(" ")
        app.shows("connected 4/4")
        app.type("w")
        app.shows("100/100 results", "Batch 1 is done")
        app.type("\x11")
        assert app.ends() == 0
        assert app.restored


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT], ids=str)
def test_signals_leave_the_terminal_as_it_was(number: signal.Signals) -> None:
    """However the app is told to go, the terminal is given back and the exit code says why."""
    with terminal("pubsub", "--transport", "inproc", "--start") as app:
        app.shows("messages a second")
        os.kill(app.process.pid, number)
        assert app.ends() == 128 + number
        assert app.restored


def test_no_colour() -> None:
    """With NO_COLOR every state can be told by its sign and its word, and no colour is written."""
    before = os.environ.get("NO_COLOR")
    os.environ["NO_COLOR"] = "1"
    try:
        with terminal("reqrep", "--transport", "inproc", "--start") as app:
            app.shows("▒ working", "◔ in recv()")
            app.type("\x11")
            assert app.ends() == 0
            codes = {part.split(b"m")[0] for part in app.raw.split(b"\x1b[38;2;")[1:]}
            assert all(len(set(code.split(b";")[:3])) == 1 for code in codes), "a colour that is not grey"
    finally:
        os.environ.pop("NO_COLOR") if before is None else os.environ.update(NO_COLOR=before)


def test_hung_up_terminal() -> None:
    """When the terminal goes away, the app goes too, though nobody takes its last words."""
    with terminal("pubsub", "--transport", "inproc", "--start") as app:
        app.shows("messages a second")
        app.hang_up()
        os.kill(app.process.pid, signal.SIGHUP)
        app.process.wait(PATIENCE)

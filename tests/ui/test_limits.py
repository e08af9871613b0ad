"""The limits and the warning of an open port, on the screen."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.ui.support import playing, press, screen, stages, until
from tests.ui.terminal import terminal
from zmqtui.core.limits import Limits
from zmqtui.core.stage import Stage
from zmqtui.ui.app import Playground
from zmqtui.ui.limits import LimitsDialog

SIZES = [(120, 40), (80, 24), (40, 12)]


@pytest.mark.parametrize("size", SIZES)
async def test_limits_are_shown_and_changed(size: tuple[int, int]) -> None:
    """L shows every limit; what is given holds for every pattern, what makes no sense is refused, escape closes."""
    async with playing(size=size) as pilot:
        app = pilot.app
        assert isinstance(app, Playground)
        await press(pilot, "L")
        await until(pilot, lambda: isinstance(app.screen, LimitsDialog) and isinstance(app.focused, Input))
        assert "maxmsgsize" in screen(pilot)
        assert "1048576" in screen(pilot)
        await press(pilot, "9", "enter")
        await until(pilot, lambda: all(stage.limits == Limits(maxmsgsize=9) for stage in app.stages))
        await press(pilot, "down")
        await until(pilot, lambda: isinstance(app.focused, Input) and app.focused.value == "4096")
        await press(pilot, "x", "enter")
        await until(pilot, lambda: app.screen.query_one("#refusal").display)
        assert all(stage.limits == Limits(maxmsgsize=9) for stage in app.stages)
        await press(pilot, "escape")
        await until(pilot, lambda: not isinstance(app.screen, LimitsDialog))


@pytest.mark.parametrize("key", ["L", "?"])
def test_a_dialog_leaves_the_tab_in_sight(key: str) -> None:
    """Protects whoever looks up a limit or a key from losing sight of what it is about."""
    with terminal("reqrep", "--transport", "inproc") as app:
        app.shows("space starts it")
        app.type(key)
        app.shows("escape closes", "Ready: space starts it")
        app.type("\x11")
        assert app.ends() == 0


@pytest.mark.parametrize("size", SIZES)
async def test_an_open_port_is_warned_of_on_every_tab(size: tuple[int, int]) -> None:
    """Whoever lets the network in sees that all the time, whichever tab is on view; else there is no such line."""
    open_one, *others = stages()
    port = open_one.addresses["requests"].rpartition(":")[2]
    open_one = Stage(open_one.pattern, at={"requests": f"tcp://0.0.0.0:{port}"}, expose=True)
    app = Playground([open_one, *others])
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "Open to anybody on the network once" in screen(pilot))
        await press(pilot, "space")
        await until(pilot, lambda: "Open to anybody on the network, and" in screen(pilot))
        assert size[0] < 80 or f"tcp://0.0.0.0:{port}" in screen(pilot)
        await press(pilot, "2")
        await until(pilot, lambda: app.shown == "pubsub")
        assert "Open to anybody on the network, and" in screen(pilot)
        assert size[0] < 80 or "⚠ " in screen(pilot).splitlines()[0]


async def test_without_an_open_port_there_is_no_warning() -> None:
    """Protects the room of everybody else."""
    async with playing() as pilot:
        await until(pilot, lambda: "Request–reply" in screen(pilot))
        assert not pilot.app.query_one("#exposure").display


async def test_a_stage_that_was_halted_says_why() -> None:
    """What the memory guard did and why is the sentence of the tab, until it is started again."""
    async with playing(size=(120, 40)) as pilot:
        app = pilot.app
        assert isinstance(app, Playground)
        stage = app.stages[0]
        await press(pilot, "space")
        await until(pilot, lambda: stage.running)
        app.pane.do(stage.halt, "stopped by its memory guard: 9 MiB more, limit 1: \x1b[31mX sent it")
        await until(pilot, lambda: "Stopped by its memory guard: 9 MiB more, limit 1: ␛[31mX sent it" in screen(pilot))
        assert not stage.running
        await press(pilot, "space")
        await until(pilot, lambda: stage.running and "memory guard" not in app.pane.sentence._said)
        assert stage.halted == ""

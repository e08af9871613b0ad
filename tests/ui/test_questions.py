"""What a new user asks, answered on the screen with at most two keys once the pattern runs."""

from __future__ import annotations

from tests.ui.support import playing, press, screen, until
from zmqtui.core.state import State
from zmqtui.ui.app import Playground


async def test_why_does_client_2_wait() -> None:
    """Without any key: the sentence says who waits, and whom the server works for meanwhile."""
    async with playing("reqrep", reqrep={"work": 0.5, "requests": 0}) as pilot:
        await press(pilot, "space")
        await until(
            pilot,
            lambda: any(
                "client-2" in line.partition(" wait")[0] and "the server works for client-" in line
                for line in screen(pilot).splitlines()
            ),
        )


async def test_which_worker_got_most() -> None:
    """H: a bar for each worker, and the one that got most is marked."""
    knobs = {"cost_max": 5, "worker-1.slowdown": 1.0}
    async with playing("pipeline", pipeline=knobs) as pilot:
        app = pilot.app
        assert isinstance(app, Playground)
        await press(pilot, "space")
        await until(pilot, lambda: app.pane.stage.view().peers["tasks"] == 4)
        await press(pilot, "w")
        await until(pilot, lambda: "Batch 1 is done" in screen(pilot))
        await press(pilot, "h")
        await until(pilot, lambda: "25%" in screen(pilot) and "◀" in screen(pilot))
        for number in range(1, 5):
            assert f"worker-{number}" in screen(pilot)


async def test_what_did_the_subscriber_miss_and_when() -> None:
    """H: what was missed while a subscriber was away is counted, with the reason and when."""
    knobs = {"rate": 200, "span": 9, "subscriber-1.filter": (b"",)}
    async with playing("pubsub", pubsub=knobs) as pilot:
        app = pilot.app
        assert isinstance(app, Playground)
        await press(pilot, "space", "down")
        await until(pilot, lambda: "Average temperature" in screen(pilot))
        await press(pilot, "k")

        def away() -> int:
            view = app.pane.stage.view().instance("subscriber-1")
            return view.losses.away if view and view.losses else 0

        await until(pilot, lambda: away() > 50)
        await press(pilot, "h", "z")
        await until(pilot, lambda: "missing when" in screen(pilot))
        await until(pilot, lambda: "away" in screen(pilot))


async def test_what_is_in_this_frame() -> None:
    """M, and ← for an earlier one: its frames by number, size and meaning."""
    async with playing("reqrep", reqrep={"work": 0.05}) as pilot:
        await press(pilot, "space")
        await until(pilot, lambda: "Received reply" in screen(pilot))
        await press(pilot, "m", "left")
        await until(pilot, lambda: "frame 1 of 1 · 5 bytes" in screen(pilot))


async def test_which_line_is_the_server_on() -> None:
    """C: the line on which the server stands is marked, with its name and what it does there."""
    async with playing("reqrep", reqrep={"work": 30.0}) as pilot:
        app = pilot.app
        assert isinstance(app, Playground)
        await press(pilot, "space")
        await until(pilot, lambda: app.pane.stage.view().instances[0].state is State.WORKING)
        await press(pilot, "c")
        await until(
            pilot,
            lambda: any(
                "sleep(knobs.work)" in line and "server working" in line for line in screen(pilot).splitlines()
            ),
        )

"""Take the screenshots anew, from the running app on its default ports: ``make screenshots``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot

from zmqtui.core.stage import Stage
from zmqtui.core.watch import StageView
from zmqtui.patterns import every
from zmqtui.ui.app import Playground
from zmqtui.ui.pane import CALM, FRAMES

FOLDER = Path(__file__).parent


def stages() -> list[Stage]:
    """Return the stages, with three subscribers that want different things."""
    wishes = {
        "pubsub": {
            "subscriber-1.filter": (b"10001",),
            "subscriber-2.filter": (b"100", b"902"),
            "subscriber-3.filter": (b"9",),
        },
        "pipeline": {"worker-2.slowdown": 2.0},
    }
    return [Stage(pattern, seed=5, knobs=wishes.get(pattern.name)) for pattern in every()]


async def take(
    name: str, size: tuple[int, int], keys: str, seen: Callable[[StageView], bool], *, of: str, theme: str | None = None
) -> None:
    """Take one screenshot.

    Args:
        name: The file's name.
        size: Columns and rows.
        keys: What to press, one after the other; ``type:`` and a text without spaces, ``after:`` and seconds.
        seen: When to take it.
        of: The pattern whose tab to show.
        theme: The theme, if not the default.
    """
    app = Playground(stages(), first=of, theme=theme)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.focused is not None)
        for key in keys.split():
            if key == "connected":
                await until(pilot, lambda: app.pane.stage.view().peers["tasks"] == 4)
            elif key.startswith("type:"):
                for character in key[5:]:
                    app.post_message(Key(_character_to_key(character), character))
                await pilot.pause(0.2)
            elif key.startswith("after:"):
                await until(pilot, lambda: app.pane.stage.view().elapsed > float(key[6:]))  # noqa: B023
            else:
                app.post_message(Key(key, {"space": " ", "enter": "\r"}.get(key, key if len(key) == 1 else None)))
                await pilot.pause(0.05)
        await until(pilot, lambda: seen(app.pane.stage.view()))
        # What was seen is drawn with the next frame, and told with the next sentence.
        await pilot.pause((CALM + 1) / FRAMES)
        (FOLDER / f"{name}.svg").write_text(app.export_screenshot(title="zmqtui"), encoding="utf-8")
    print(f"screenshots/{name}.svg")  # noqa: T201


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the app never came to show what the screenshot is of")
        await pilot.pause(0.02)


def count(view: StageView, name: str) -> int:
    """Return how many messages an instance received."""
    instance = view.instance(name)
    return instance.received.messages if instance else 0


async def views(size: tuple[int, int]) -> None:
    """Take one of each view."""
    await take("topology", size, "space connected w g z", lambda view: count(view, "sink") > 40, of="pipeline")
    await take("code", size, "space down down c", lambda view: view.elapsed > 2.4, of="reqrep")
    await take("sequence", size, "space u z", lambda view: view.elapsed > 4.5, of="reqrep")
    await take("messages", size, "space down down m", lambda view: count(view, "subscriber-2") > 3, of="pubsub")
    await take("charts", size, "space down down h after:6 k after:9 r z", lambda view: view.elapsed > 14, of="pubsub")
    await take("connections", size, "space i after:2.5 k after:3.5 r", lambda view: view.elapsed > 5, of="reqrep")
    await take("log", size, "space z after:6 type:/World enter n", lambda view: view.elapsed > 7, of="reqrep")


async def main() -> None:
    """Take them all."""
    wide, narrow = (120, 40), (80, 24)
    await take(
        "reqrep", wide, "space", lambda view: count(view, "client-1") > 2 and view.elapsed % 1 > 0.5, of="reqrep"
    )
    await take("pubsub", wide, "space down", lambda view: count(view, "subscriber-1") > 0, of="pubsub")
    await take("pipeline", wide, "space connected w", lambda view: count(view, "sink") > 100, of="pipeline")
    await take("reqrep-80x24", narrow, "space", lambda view: count(view, "client-1") > 1, of="reqrep")
    light = "zmqtui-light"
    await take(
        "pubsub-light", wide, "space down", lambda view: count(view, "subscriber-1") > 0, of="pubsub", theme=light
    )
    killed = "space connected w down k"
    await views(wide)
    await take(
        "pipeline-killed", wide, killed, lambda view: count(view, "sink") > 75 and view.elapsed > 4, of="pipeline"
    )


if __name__ == "__main__":
    asyncio.run(main())

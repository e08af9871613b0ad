"""What the tests of the screen share: an app on free ports, and waiting for what is to be seen."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot

from tests.helpers import free_port
from zmqtui.core.stage import Stage
from zmqtui.patterns import every
from zmqtui.ui.app import Playground
from zmqtui.ui.sentence import Sentence

PATIENCE = 15.0
"""Seconds after which what should be seen is taken to be missing."""


def stages(**knobs: dict[str, Any]) -> list[Stage]:
    """Return a stage of each pattern on free tcp ports, with knob values by pattern name."""
    return [
        Stage(
            pattern,
            at={endpoint.name: f"tcp://127.0.0.1:{free_port()}" for endpoint in pattern.endpoints},
            knobs=knobs.get(pattern.name, {}),
            seed=7,
        )
        for pattern in every()
    ]


@asynccontextmanager
async def playing(
    first: str = "reqrep", size: tuple[int, int] = (120, 40), **knobs: dict[str, Any]
) -> AsyncIterator[Pilot[None]]:
    """Run the app; when it is left, nothing of the engine may be left behind."""
    app = Playground(stages(**knobs), first=first)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.furnished and isinstance(app.focused, Sentence))
        yield pilot
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith(("role ", "books "))]
    assert not left, f"left behind: {left}"


async def until(pilot: Pilot[None], condition: Callable[[], object], what: str = "") -> None:
    """Wait until `condition` holds, and fail if it does not in time."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"never saw {what or 'it'}; on the screen was\n{screen(pilot)}")
        await pilot.pause(0.02)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys as a terminal does; the pilot's own `press` waits for the process to idle, which roles never do."""
    characters = {"space": " ", "enter": "\r"}
    for key in keys:
        character = characters.get(key, key if len(key) == 1 else None)
        name = _character_to_key(key) if len(key) == 1 else key
        pilot.app.post_message(Key(name, character))
        await pilot.pause(0.01)


async def still(pilot: Pilot[None]) -> str:
    """Wait until nothing on the screen changes any more, and return what is on it."""
    seen: list[str] = []

    def settled() -> bool:
        seen.append(screen(pilot))
        return len(seen) >= 10 and len(set(seen[-10:])) == 1

    await until(pilot, settled, "the screen at rest")
    return seen[-1]


def screen(pilot: Pilot[None]) -> str:
    """Return what is on the screen, line by line."""
    app = pilot.app
    return "\n".join("".join(segment.text for segment in line) for line in app.screen._compositor.render_strips())

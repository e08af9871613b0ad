"""How states, numbers and times are written, the same everywhere."""

from __future__ import annotations

import time
from typing import Final

from zmqtui.core.journal import WALL
from zmqtui.core.state import State
from zmqtui.core.watch import InstanceView, StageView

SIGNS: Final = {
    State.NOT_STARTED: ("○", "", "not started"),
    State.RUNNING: ("●", "received", "running"),
    State.WORKING: ("▒", "working", "working"),
    State.RECEIVING: ("◔", "waiting", "in recv()"),
    State.SENDING: ("◧", "lost", "in send()"),
    State.POLLING: ("◔", "waiting", "in poll()"),
    State.BINDING: ("◔", "waiting", "waits for"),
    State.ASKING: ("?", "waiting", "waits for you"),
    State.PAUSED: ("‖", "waiting", "paused"),
    State.FINISHED: ("✓", "received", "finished"),
    State.STOPPED: ("□", "", "stopped"),
    State.KILLED: ("✕", "failed", "killed"),
    State.FAILED: ("!", "failed", "failed"),
    State.STUCK: ("!", "failed", "stuck"),
}
"""Each state's sign, tone and short name."""

FLEETING: Final = 0.15
"""Seconds below which a wait or a sleep is part of running: nobody could read it."""
_BUSY = (State.WORKING, State.RECEIVING, State.SENDING, State.POLLING)


def state_of(instance: InstanceView, view: StageView) -> tuple[str, str, str, str]:
    """Return the sign, the tone, the name and the age of an instance's state."""
    state, age = instance.state, view.age(instance)
    if state in _BUSY and age < FLEETING:
        state = State.RUNNING
    sign, tone, name = SIGNS[state]
    if instance.orphaned and state is State.RECEIVING:
        sign, tone = "∞", "lost"
    if state is State.BINDING:
        name = f"{name} {instance.status.detail}"
    if state is State.WORKING:
        left = float(instance.status.detail or 0) - age
        return sign, tone, name, f"{left:.1f} s left" if left > 0.05 else ""
    timed = state in (*_BUSY, State.PAUSED, State.ASKING, State.BINDING)
    return sign, tone, name, duration(age) if timed else ""


def duration(seconds: float) -> str:
    """Write a duration so that it changes no more often than it can be read."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d} h"


def rate(per_second: float) -> str:
    """Write a rate with as many digits as mean something."""
    if per_second <= 0:
        return ""
    if per_second < 10:
        return f"{per_second:.1f}/s"
    magnitude = 10 ** max(0, len(str(int(per_second))) - 3)
    return f"{round(per_second / magnitude) * magnitude:,.0f}/s"


def clock(when: float) -> str:
    """Write a time of the engine's clock as time of day."""
    wall = when + WALL
    return f"{time.strftime('%H:%M:%S', time.localtime(wall))}.{int(wall * 1000) % 1000:03d}"


def place(address: str) -> str:
    """Write an address as short as it can be told."""
    scheme, _, rest = address.partition("://")
    if scheme == "tcp":
        return rest.removeprefix("127.0.0.1")
    return rest.rpartition("/")[2] if scheme == "ipc" else rest

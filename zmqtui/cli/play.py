"""Plays a stage without a screen until something ends it; `run` and `role` differ in what that is."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from typing import Protocol

from zmqtui.cli.ending import Ending
from zmqtui.cli.output import Output, complain
from zmqtui.cli.summary import End, last_view
from zmqtui.core.addresses import free_port
from zmqtui.core.journal import Event, now
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.core.watch import InstanceView, StageView

TICK = 0.05
"""Seconds between two looks at the stage."""
PORTION = 50_000
"""Events told between two looks, so that an end is not overlooked however much there is to tell."""


class Teller(Protocol):
    """Tells what happened, in lines or in records."""

    whole: bool

    def begin(self, stage: Stage, names: list[str], origin: float) -> None:
        """Say what is played."""

    def tell(self, events: list[Event]) -> None:
        """Tell `events`."""

    def lost(self, count: int, when: float) -> None:
        """Say that `count` events were forgotten before they could be told."""

    def end(self, end: End) -> None:
        """Tell how it ended."""


class Judge(Protocol):
    """Looks at the stage now and then, does what it waits for, and says when it is over."""

    def look(self, view: StageView) -> str:
        """Return why it is over, or nothing; see `End.how`."""

    def rest(self, seconds: float) -> None:
        """Wait until the next look."""


def play(
    stage: Stage, roles: Sequence[str], teller: Teller, judge: Judge, out: Output, ending: Ending, seconds: float
) -> int:
    """Play `roles` of `stage` to their end and tell all about it.

    Args:
        stage: What to play; it is stopped in the end.
        roles: Who starts.
        teller: Writes events and the summary.
        judge: Says when it is over.
        out: Where the teller writes.
        ending: Knows of signals.
        seconds: How long at most; infinite for no limit.

    Returns:
        The exit code.
    """
    names = [each.name for each in stage.view().instances if each.role in roles]
    origin, cursor = now(), 0
    with stage:
        stage.start(roles)
        teller.begin(stage, names, origin)
        while True:
            view = stage.view()
            cursor, more = _tell(stage, teller, cursor)
            if how := _over(judge, view, out, ending, origin + seconds):
                break
            if not more:
                judge.rest(TICK)
        final = last_view(stage)
    while cursor < stage.journal.bounds[1]:
        cursor, _ = _tell(stage, teller, cursor)
    players = tuple(each for each in final.instances if each.name in names)
    failed = next((each for each in players if each.state is State.FAILED), None)
    bad = failed is not None or how == "guard"
    code = ending.code or (128 + signal.SIGPIPE if out.closed else 2 if how == "stdin" else int(bad))
    teller.end(End(how, code, final, stage.figures(final), players))
    if out.error:
        complain(out.error)
        return 1
    if how == "guard":
        complain(f"{stage.pattern.name} was {final.halted}")
    elif failed:
        complain(f"{failed.name} failed: {failed.status.detail}{_remedy(stage, failed)}")
    return code


def _over(judge: Judge, view: StageView, out: Output, ending: Ending, deadline: float) -> str:
    if ending.code:
        return "signal"
    if out.closed:
        return "closed"
    if view.halted:
        return "guard"
    return judge.look(view) or ("seconds" if view.time >= deadline else "")


def _tell(stage: Stage, teller: Teller, cursor: int) -> tuple[int, bool]:
    """Tell a portion; return the cursor and whether there may be more."""
    events, following = stage.journal.read(cursor, PORTION)
    if lost := following - len(events) - cursor:
        teller.lost(lost, events[0].time if events else now())
    teller.tell(events)
    return following, len(events) == PORTION


def _remedy(stage: Stage, failed: InstanceView) -> str:
    if not failed.port_in_use:
        return ""
    name = next(endpoint.name for endpoint in stage.pattern.endpoints if endpoint.bind.role == failed.role)
    return f": stop that one, or use another, as --at {name}=tcp://127.0.0.1:{free_port()}"


def rest(seconds: float) -> None:
    """Sleep; a signal is noticed when it is over."""
    time.sleep(seconds)

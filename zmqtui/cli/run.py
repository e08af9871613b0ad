"""``zmqtui run``: a whole pattern without the app."""

from __future__ import annotations

import argparse
import math

from zmqtui.cli.arguments import number
from zmqtui.cli.ending import Ending
from zmqtui.cli.lines import Lines
from zmqtui.cli.output import Output
from zmqtui.cli.play import Teller, play, rest
from zmqtui.cli.reach import everywhere_is_here, warn_of_strangers
from zmqtui.cli.records import Records
from zmqtui.cli.settings import find_pattern, make_stage, read_settings
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.core.watch import StageView


def run(arguments: argparse.Namespace) -> int:
    """Run a pattern and return the exit code.

    Raises:
        BadInput: If the arguments make no sense.
    """
    pattern = find_pattern(arguments.pattern)
    seconds = math.inf
    if arguments.seconds is not None:
        seconds = number(arguments.seconds, "--seconds", float, 0, 10**9)
    settings = read_settings(pattern, arguments, "run")
    everywhere_is_here(settings)
    with Ending() as ending:
        out = Output(ending)
        waits_for = pattern.gate.label.lower() if pattern.gate else ""
        teller: Teller = Records(out, "run") if arguments.json else Lines(out, waits_for)
        stage = make_stage(pattern, settings, whole=teller.whole)
        roles = [role.name for role in pattern.roles]
        warn_of_strangers(stage, roles)
        return play(stage, roles, teller, Director(stage), out, ending, seconds)


class Director:
    """Ends a pattern when it is done or cannot go on, and presses its button when everybody is there."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._pressed = 0

    def look(self, view: StageView) -> str:
        """Return ``done`` or ``failed`` when it is over."""
        for role in view.pattern.roles:
            if all(each.state is State.FAILED for each in view.of(role.name)):
                return "failed"
        if self._stage.done:
            return "done"
        self._press(view)
        return ""

    def rest(self, seconds: float) -> None:
        """Sleep."""
        rest(seconds)

    def _press(self, view: StageView) -> None:
        gate = view.pattern.gate
        if not gate or view.gate_open:
            return
        asking = [each for each in view.of(gate.role) if each.state is State.ASKING]
        if not asking or view.peers.get(gate.endpoint, 0) < len(view.of(gate.peers)):
            return
        if self._pressed and not (view.age(asking[0]) > 0.1 and self._complete(view)):
            # A batch that begins before the last one is complete mixes with it.
            return
        self._pressed += 1
        self._stage.press()

    def _complete(self, view: StageView) -> bool:
        figures = self._stage.figures(view)
        return all(each.fraction is None or each.fraction >= 1 for each in figures if not each.instance)

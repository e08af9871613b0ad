"""``zmqtui role``: one role in this terminal."""

from __future__ import annotations

import argparse
import math
import os
import select
import sys

from zmqtui.cli.arguments import choose, number
from zmqtui.cli.ending import Ending
from zmqtui.cli.lines import Lines
from zmqtui.cli.output import Output, complain
from zmqtui.cli.play import Teller, play, rest
from zmqtui.cli.reach import warn_of_strangers
from zmqtui.cli.records import Records
from zmqtui.cli.settings import Settings, find_pattern, make_stage, read_settings
from zmqtui.core.model import BadInput, Pattern
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.core.watch import StageView


def role(arguments: argparse.Namespace) -> int:
    """Play a role and return the exit code.

    Raises:
        BadInput: If the arguments make no sense.
    """
    pattern = find_pattern(arguments.pattern)
    name = choose(arguments.role, [each.name for each in pattern.roles], f"{pattern.name} role")
    gate = pattern.gate if pattern.gate and pattern.gate.role == name else None
    ready = 0
    if arguments.ready is not None:
        if not gate:
            whose = f"only {pattern.gate.role} does" if pattern.gate else f"nobody in {pattern.name} does"
            raise BadInput(f"--ready is for a role that waits for others: {name} does not, {whose}")
        ready = number(arguments.ready, "--ready", int, 1, 10_000)
    settings = read_settings(pattern, arguments, "alone", only=name)
    _check_reach(pattern, settings, name)
    with Ending() as ending:
        out = Output(ending)
        waits_for = f"{ready} connected {gate.peers}{'s' * (ready > 1)}" if gate and ready else ""
        teller: Teller = Records(out, "role") if arguments.json else Lines(out, waits_for)
        stage = make_stage(pattern, settings, whole=teller.whole)
        warn_of_strangers(stage, [name])
        player = Soloist(stage, name, ready, prompt=arguments.json)
        code = play(stage, [name], teller, player, out, ending, math.inf)
        if player.unanswered:
            complain(f"standard input ended before {name} was told to go: press Enter in a terminal, or use --ready N")
        return code


def _check_reach(pattern: Pattern, settings: Settings, name: str) -> None:
    for endpoint in pattern.endpoints:
        address = settings.at.get(endpoint.name, "")
        if address.startswith("inproc:"):
            raise BadInput(f"{endpoint.name}: inproc does not leave this process: use tcp://HOST:PORT or ipc://PATH")
        if address.startswith("tcp://*:") and endpoint.touches(name) and endpoint.bind.role != name:
            raise BadInput(f"{endpoint.name}: {name} connects there, so write a host instead of *")


class Soloist:
    """Ends with its role, and answers what the role asks: with Enter, or when enough peers are connected.

    Args:
        stage: Where the role is played.
        role: Which.
        ready: How many peers are enough for the first answer; 0 for Enter.
        prompt: Whether to prompt on standard error, because standard output is for records.

    Attributes:
        unanswered: Whether standard input ended before the first answer.
    """

    def __init__(self, stage: Stage, role: str, ready: int, *, prompt: bool) -> None:
        self.unanswered = False
        self._stage = stage
        self._role = role
        self._ready = ready
        self._prompt = prompt
        self._prompted = 0.0
        self._answers = 0
        self._pressed = 0
        self._stdin = -1 if sys.stdin is None else sys.stdin.fileno()
        self._reads = False

    def look(self, view: StageView) -> str:
        """Return why it is over, or nothing."""
        players = view.of(self._role)
        if not any(each.alive for each in players):
            return "failed" if any(each.state is State.FAILED for each in players) else "done"
        asking = next((each for each in players if each.state is State.ASKING), None)
        self._reads = asking is not None
        gate = view.pattern.gate
        if not asking or not gate or view.gate_open:
            return ""
        if self._ready and not self._pressed:
            if view.peers.get(gate.endpoint, 0) >= self._ready:
                self._press()
            return ""
        if self._answers:
            self._answers -= 1
            self._press()
        elif self._stdin < 0:
            self.unanswered = not self._pressed
            return "stdin" if self.unanswered else "done"
        elif self._prompt and self._prompted != asking.status.since:
            self._prompted = asking.status.since
            complain(asking.status.detail)
        return ""

    def rest(self, seconds: float) -> None:
        """Wait, and read what is typed meanwhile."""
        if not self._reads or self._stdin < 0 or (self._ready and not self._pressed):
            rest(seconds)
        elif select.select([self._stdin], [], [], seconds)[0]:
            try:
                typed = os.read(self._stdin, 4096)
            except OSError:
                typed = b""
            self._answers += typed.count(b"\n")
            if not typed:
                self._stdin = -1

    def _press(self) -> None:
        self._pressed += 1
        self._stage.press()

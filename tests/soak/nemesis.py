"""Rounds of operations on fresh stages; each can be played again by its number and the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tests.helpers import free_port
from tests.soak.measure import Left, Stops, settled
from tests.soak.model import Model, Operation
from tests.soak.play import Player, Violation
from tests.soak.unruly import UNRULY
from tests.soak.watchdog import Watchdog
from zmqtui.core.model import Pattern
from zmqtui.patterns import every

LENGTH = 250
"""Operations in a round."""


@dataclass
class Report:
    """What came of it.

    Attributes:
        seed: What everything was drawn from.
        rounds: How many rounds there were.
        operations: How many operations.
        kinds: How many of each kind.
        stops: How long stops took.
        violations: What did not hold, with the round and its operations.
        left: What the process had after each round.
    """

    seed: int
    rounds: int = 0
    operations: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    stops: Stops = field(default_factory=Stops)
    violations: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def again(self, number: int) -> str:
        """Return the command that plays a round again."""
        return f"python -m tests.soak --seed {self.seed} --part stages --round {number}"


class Nemesis:
    """Plays rounds.

    Args:
        report: Where everything is put down.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._round = 0
        self._history: list[Operation] = []
        self._watchdog = Watchdog(self._now)

    def close(self) -> None:
        """Watch no more."""
        self._watchdog.close()

    def _now(self) -> str:
        return self._tell("it took too long")

    def _tell(self, what: str) -> str:
        done = "\n".join(f"  {number:3} {operation}" for number, operation in enumerate(self._history))
        return f"round {self._round}: {what}\nagain: {self._report.again(self._round)}\noperations so far:\n{done}"

    def play(self, number: int, length: int = LENGTH) -> None:
        """Play a round."""
        report, self._round, self._history = self._report, number, []
        seed = f"{report.seed} {number}"
        model = Model(seed, patterns(random.Random(f"{seed} who")))
        player = Player(model, report.seed + number, report.stops)
        try:
            for _ in range(length):
                operation = model.draw()
                self._history.append(operation)
                with self._watchdog.watching():
                    player.play(operation)
                    player.agree()
                self._count(operation)
            with self._watchdog.watching():
                player.close()
        except Violation as violation:
            report.violations.append(self._tell(str(violation)))
        finally:
            with self._watchdog.watching():
                player.abandon()
        report.rounds += 1
        del player
        with self._watchdog.watching():
            self._look(settled(report.left[0] if report.left else None))

    def _count(self, operation: Operation) -> None:
        kinds = self._report.kinds
        for each in operation.arguments if operation.what == "together" else (operation,):
            self._report.operations += 1
            kinds[each.what] = kinds.get(each.what, 0) + 1

    def _look(self, now: Left) -> None:
        left = self._report.left
        left.append(now)
        first = left[0]
        if not now.flat(first):
            self._report.violations.append(self._tell(f"left behind: {now} after {first}"))
            left[0] = now


def patterns(dice: random.Random) -> list[Pattern]:
    """Return some patterns to play at once, on free ports."""
    known = [*every(), UNRULY]
    chosen = sorted(dice.sample(range(len(known)), 3))
    return [
        known[number]._replace(
            endpoints=tuple(endpoint._replace(port=free_port()) for endpoint in known[number].endpoints)
        )
        for number in chosen
    ]

"""Lays siege to a bound socket of every type with garbage, and sees that a real peer is served all the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import zmq

from tests.helpers import instance, stage_of, until
from tests.hostile.garbage import Besiegers
from tests.hostile.victims import VICTIMS, lives, pattern
from zmqtui.core.stage import Stage
from zmqtui.core.state import State

KINDS = tuple(VICTIMS)


class Siege:
    """A victim of every type, and those who besiege it.

    Args:
        seed: What the garbage is drawn from.
        stages: The victims, by type.

    Attributes:
        connections: How many there were.
    """

    def __init__(self, seed: int, stages: dict[str, Stage]) -> None:
        self.connections = 0
        self._stages = stages
        self._ports = {kind: int(stage.addresses["line"].rpartition(":")[2]) for kind, stage in stages.items()}
        self._crowds = {
            kind: Besiegers(random.Random(f"{seed} {kind}"), port, zmq.SocketType(VICTIMS[kind][1]).name.encode())
            for kind, port in self._ports.items()
        }

    def press(self, rounds: int) -> None:
        """Come to every victim so many times, and see then whether real peers are served."""
        for _ in range(rounds):
            for crowd in self._crowds.values():
                crowd.come()
                self.connections += 1
        for kind, crowd in self._crowds.items():
            if kind == "PAIR":
                # It has room for one.
                crowd.leave()
            self.check(kind)

    def check(self, kind: str) -> None:
        """See whether a real peer is served."""
        stage = self._stages[kind]
        lives(kind, self._ports[kind], lambda: instance(stage, "victim").received.messages)
        state = instance(stage, "victim").status
        assert state.state is not State.FAILED, f"{kind} failed: {state.detail}"

    def leave(self) -> None:
        """Close every connection, and wait until the victims know."""
        for crowd in self._crowds.values():
            crowd.leave()
        for kind, stage in self._stages.items():
            if kind == "PAIR":
                # libzmq keeps some whom a PAIR turned away, and who are gone, until the PAIR itself is closed.
                stage.revive("victim")
            until(lambda stage=stage: not stage.strangers(), what=f"nobody is left at {kind}")  # type: ignore[misc]

    def forget(self) -> None:
        """Empty the journals, which are to grow up to their bound."""
        for stage in self._stages.values():
            stage.journal.clear()


@contextmanager
def siege(seed: int) -> Iterator[Siege]:
    """Start the victims; in the end they are stopped, whatever came."""
    with ExitStack() as stack:
        stages = {kind: stack.enter_context(stage_of(pattern(kind))) for kind in KINDS}
        for stage in stages.values():
            stage.start()
        laid = Siege(seed, stages)
        stack.callback(laid.leave)
        yield laid

"""A place on the stage: one instance of a role, over all its lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqtui.core.actor import Actor
from zmqtui.core.journal import Tally
from zmqtui.core.model import Knobs, Pattern, Role
from zmqtui.core.state import State, Status

if TYPE_CHECKING:
    from collections.abc import Mapping


class Slot:
    """One instance of a role.

    Args:
        pattern: What is played.
        role: What it plays.
        number: Its number, from 1.
        shared: The pattern's knob values, live.
        own: Its own, by knob name.
    """

    def __init__(
        self, pattern: Pattern, role: Role, number: int, shared: Mapping[str, Any], own: dict[str, Any]
    ) -> None:
        self.role = role
        self.number = number
        self.name = role.instance(number)
        self.own = own
        self.knobs = Knobs(own, shared)
        self.actor: Actor | None = None
        self.life = 0
        self.work_before = 0.0
        self.totals: dict[tuple[str, str], tuple[Tally, Tally]] = {}
        self.subscribes = {
            endpoint.name
            for endpoint in pattern.endpoints
            for link in endpoint.connect
            if link.role == role.name and link.socket in ("SUB", "XSUB")
        }

    @property
    def status(self) -> Status:
        """Its state, since when, and more."""
        return self.actor.status if self.actor else Status(State.NOT_STARTED)

    @property
    def alive(self) -> bool:
        """Whether its thread runs; one that is stuck is given up."""
        return self.actor is not None and self.actor.alive and self.actor.status.state is not State.STUCK

    def clear(self) -> None:
        """Forget everything but its own knob values."""
        self.actor, self.life, self.work_before, self.totals = None, 0, 0.0, {}

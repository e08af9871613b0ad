"""A place on the stage: one instance of a role, over all its lives."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from zmqtui.core.journal import Tally
from zmqtui.core.model import Knob, Knobs, Pattern, Role
from zmqtui.core.state import State, Status
from zmqtui.core.threads.actor import Actor
from zmqtui.core.watch import InstanceView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmqtui.core.books.account import Account


class Slot:
    """One instance of a role.

    Args:
        pattern: What is played.
        role: What it plays.
        number: Its number, from 1.
        shared: The pattern's knob values, live.
        own: Its own, by knob name.

    Attributes:
        former: The actors of earlier lives whose last words nobody has fetched yet.
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
        self.former: deque[Actor] = deque()
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
        self.former.clear()

    def turn(self, knob: Knob, value: Any) -> bool:
        """Give a knob of its own another value, which what runs feels at once; return whether it is another."""
        before, self.own[knob.name] = self.own[knob.name], value
        apply, actor = knob.apply, self.actor
        if apply and actor and self.alive and before != value:
            actor.do(lambda: apply(actor.sockets, before, value))
        return bool(before != value)

    def view(self, account: Account, when: float) -> InstanceView:
        """Return the instance as it stands.

        Args:
            account: Its counts.
            when: The moment, on the engine's clock.
        """
        sent = received = Tally()
        for port in account.ports:
            sent, received = sent.plus(port.sent), received.plus(port.received)
        actor = self.actor
        sockets = list(actor.sockets) if actor else []
        sent_rate, received_rate = account.rates(when)
        return InstanceView(
            name=self.name,
            role=self.role.name,
            life=self.life,
            status=self.status,
            paused=actor.paused if actor else False,
            sent=sent,
            received=received,
            sent_rate=sent_rate,
            received_rate=received_rate,
            ports=account.ports,
            work=self.work_before + (actor.work() if actor else 0.0),
            awaiting=max((socket.awaiting for socket in sockets), default=0.0),
            orphaned=any(socket.orphaned and socket.awaiting for socket in sockets),
            losses=account.losses,
            knobs=dict(self.own),
            connected=frozenset(socket.endpoint for socket in sockets if socket.peers()),
            port_in_use=actor.port_in_use if actor else False,
        )

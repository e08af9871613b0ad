"""What the books say of one instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import zmq

from zmqtui.core.journal import RECEIVED, SENT, Tally
from zmqtui.core.watch import Losses, PortView

if TYPE_CHECKING:
    from zmqtui.core.sockets.tape import Tape
    from zmqtui.core.sockets.traced import Socket


class Account(NamedTuple):
    """What the books say of one instance: its counts by endpoint, its losses, and its live tapes' directions."""

    ports: tuple[PortView, ...] = ()
    losses: Losses | None = None
    tapes: tuple[Tape, ...] = ()

    def rates(self, when: float) -> tuple[float, float]:
        """Return the messages per second that the instance sends and receives."""
        sent = sum(tape.rate(when) for tape in self.tapes if tape.direction == SENT)
        return sent, sum(tape.rate(when) for tape in self.tapes if tape.direction == RECEIVED)


def add_port(totals: dict[tuple[str, str], tuple[Tally, Tally]], socket: Socket) -> None:
    """Add a socket's counts to its instance's totals."""
    key = (socket.endpoint, zmq.SocketType(socket.kind).name)
    sent, received = totals.get(key, (Tally(), Tally()))
    totals[key] = (sent.plus(socket.outbox.tally), received.plus(socket.inbox.tally))

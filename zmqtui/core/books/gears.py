"""Which tapes are written carefully and which in a hurry, so that the playground takes little whatever goes through.

Writing with times, frames and peers takes some 10 µs a message. Were each tape looked at by itself, many that are each
below their limit would take all there is: a role that is slowed down by that never comes to its limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zmqtui.core.connections.connections import Connections
    from zmqtui.core.sockets.tape import Tape
    from zmqtui.core.sockets.traced import Socket

BUDGET: Final = 1.0
"""How many tapes at their limit may be written carefully at once."""


class Gears:
    """Shifts the tapes of a run.

    Args:
        connections: What libzmq says of everybody's.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def shift(self, tapes: Sequence[tuple[Socket, Tape, int]], when: float) -> None:
        """Have the busiest hurry as far as it takes, and all others be careful.

        Args:
            tapes: Each with its socket and how many messages it held just now.
            when: The time.
        """
        loads = {tape: tape.pace(when) / tape.limit for _, tape, count in tapes if count or tape.hurry}
        most = level(loads.values())
        for socket, tape, _ in tapes:
            tape.hurry = loads.get(tape, 0.0) > most
            if not tape.hurry:
                tape.fast = False
            elif tape is socket.inbox and not tape.single:
                tape.judge(lambda socket=socket: self._only_single(socket))  # type: ignore[misc]
            tape.remember(when)

    def _only_single(self, socket: Socket) -> bool:
        """Tell whether nobody who may send to a socket sends several frames."""
        if socket.watched and (socket.bound or not self._connections.ours(socket.watched)):
            # Whoever connects from outside may be heard before libzmq's news of it are read.
            return False
        return not socket.wiring.split(socket)


def level(loads: Iterable[float], budget: float = BUDGET) -> float:
    """Return up to which load of its own a tape is written carefully: all have the same, and 1 at most.

    Args:
        loads: What goes through each tape, as a share of its limit.
        budget: What all of them may have together; whoever is beyond its limit hurries anyway and needs nothing.
    """
    careful = sorted(load for load in loads if load <= 1)
    for place, load in enumerate(careful):
        fair = budget / (len(careful) - place)
        if load > fair:
            return fair
        budget -= load
    return 1.0

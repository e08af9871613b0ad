"""What must be true of a stage's books, whatever was done to it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.soak.model import WITNESS
from zmqtui.core.books.moments import LOSSES
from zmqtui.core.sockets.traced import Socket
from zmqtui.core.stage import Stage
from zmqtui.core.watch import InstanceView, StageView


def conserved(stage: Stage, guests: float) -> Iterator[str]:
    """Say what does not add up in the books of a stage that was stopped.

    Args:
        stage: Whose.
        guests: Messages that may have come from outside.
    """
    view = stage.view()
    match stage.pattern.name:
        case "reqrep":
            sent, received = _total(stage, "client", "sent"), _total(stage, "client", "received")
            taken, replied = _total(stage, "server", "received"), _total(stage, "server", "sent")
            yield from _least("requests sent, received", sent + guests, taken)
            yield from _least("requests received, replies", taken, replied)
            yield from _least("replies sent, received", replied, received)
            for each in view.of("client"):
                yield from _trips(each, each.sent.messages, each.received.messages)
        case "pubsub":
            yield from _parts(view)
        case "pipeline":
            yield from _least(
                "tasks sent, received",
                _total(stage, "ventilator", "sent", "tasks"),
                _total(stage, "worker", "received"),
            )
            results = _total(stage, "worker", "sent") + _total(stage, "ventilator", "sent", "results")
            yield from _least("results sent, received", results + guests, _total(stage, "sink", "received"))
            for each in view.of("worker"):
                yield from _trips(each, each.received.messages, each.sent.messages)
        case "unruly":
            sent = sum(_total(stage, role.name, "sent", "line") for role in stage.pattern.roles)
            yield from _least("sent, received", sent + guests, _total(stage, "listener", "received"))


def _total(stage: Stage, role: str, what: str, at: str = "") -> int:
    """Return a role's count over all who ever played it in this run."""
    past = stage.history.past()
    found = [past.of(*count) for count in past.counts if count.who == role and count.what == what and at in count.at]
    return int(sum(column[-1] for column in found if len(column)))


def _least(what: str, more: float, fewer: int) -> Iterator[str]:
    """Nobody receives what nobody sent."""
    if fewer > more:
        yield f"{what}: {more:,} and then {fewer:,}"


def _trips(each: InstanceView, first: int, then: int) -> Iterator[str]:
    """One thing at a time is under way in each life."""
    if not 0 <= first - then <= max(each.life, 1):
        yield f"{each.name} in life {each.life}: {first:,} and then {then:,}"


def _parts(view: StageView) -> Iterator[str]:
    published = view.of("publisher")[0].sent.messages
    for each in view.of("subscriber"):
        if (losses := each.losses) is None:
            continue
        parts = {part: getattr(losses, part) for part in (*LOSSES, "received", "in_flight")}
        if min(parts.values()) < 0 or sum(parts.values()) != losses.published:
            yield f"{each.name}: {parts} are not {losses.published:,}"
        if losses.received != each.received.messages:
            yield f"{each.name} received {each.received.messages:,}, and {parts} of what was published"
        if losses.published > published:
            yield f"{each.name}: {parts} are {losses.published:,}, and only {published:,} were published"
        if each.name == WITNESS and losses.published != published:
            yield f"{each.name}: {parts} are {losses.published:,}, and {published:,} were published"


class Revenants:
    """Finds replies to requests of which it was told that no reply can come."""

    def __init__(self) -> None:
        self._lost: dict[Socket, float] = {}

    def look(self, stage: Stage) -> Iterator[str]:
        """Look at every REQ of a stage, and say what is wrong."""
        for slot in stage._cast.order:
            for socket in list(slot.actor.sockets) if slot.actor else []:
                asked = socket.awaiting
                if asked and socket.orphaned:
                    self._lost[socket] = asked
        for socket, asked in list(self._lost.items()):
            if socket.inbox.last > asked:
                yield f"{socket.actor.name} was told that no reply can come, and got one"
            if socket.closed or socket.inbox.last > asked:
                del self._lost[socket]

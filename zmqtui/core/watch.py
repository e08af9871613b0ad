"""What can be seen of a running pattern: frozen views for the screen and the command line, and who reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from zmqtui.core.journal import Tally
from zmqtui.core.state import State, Status

if TYPE_CHECKING:
    from zmqtui.core.model import Pattern


class Traffic(NamedTuple):
    """One message as a watcher sees it.

    Attributes:
        time: Seconds on the engine's clock.
        instance: Who sent or received it.
        role: The instance's role.
        life: Which life of the instance it was, from 1; a restart begins a new one.
        kind: ``send`` or ``recv``.
        endpoint: Where.
        frames: What.
        peer: The instance or address at the other end, where it is known for certain.
    """

    time: float
    instance: str
    role: str
    life: int
    kind: str
    endpoint: str
    frames: tuple[bytes, ...]
    peer: str


class Losses(NamedTuple):
    """What became of every message published that a subscriber's filters match; the parts sum to the whole.

    Attributes:
        received: Arrived.
        before: Published before the subscriber had joined, its subscription's journey included.
        away: Published while it was away.
        dropped: Dropped at the high-water mark.
        unwanted: Discarded in its queue because its filter changed.
        orphaned: Lost with a publisher that went away.
        abandoned: In its queue when it left.
        in_flight: On its way, or in a queue.
    """

    received: int = 0
    before: int = 0
    away: int = 0
    dropped: int = 0
    unwanted: int = 0
    orphaned: int = 0
    abandoned: int = 0
    in_flight: int = 0

    @property
    def published(self) -> int:
        """Published and matching: the sum of all parts."""
        return self.received + self.missing

    @property
    def missing(self) -> int:
        """Published, matching and not received."""
        lost = self.before + self.away + self.dropped + self.unwanted + self.orphaned + self.abandoned
        return lost + self.in_flight


class PortView(NamedTuple):
    """An instance's counts at one endpoint: its socket type there, and the messages sent and received."""

    endpoint: str
    socket: str
    sent: Tally
    received: Tally


class InstanceView(NamedTuple):
    """One instance of a role at one moment.

    Attributes:
        name: Such as ``client-1``.
        role: Its role's name.
        life: How often it was started.
        status: Its state, since when, and more.
        paused: Whether it was told to pause.
        sent: All it sent.
        received: All it received.
        sent_rate: Messages per second.
        received_rate: Messages per second.
        ports: The counts by endpoint.
        work: Seconds it slept in ``sleep()``.
        awaiting: For a REQ: since when it awaits a reply, 0 if it does not.
        orphaned: Whether no reply can come because the peer that had the request is gone.
        losses: For a subscriber.
        knobs: The values of its own.
        connected: The endpoints at which it has a peer.
        port_in_use: Whether it failed because another program holds its port.
    """

    name: str
    role: str
    life: int
    status: Status
    paused: bool
    sent: Tally
    received: Tally
    sent_rate: float
    received_rate: float
    ports: tuple[PortView, ...]
    work: float
    awaiting: float
    orphaned: bool
    losses: Losses | None
    knobs: Mapping[str, Any]
    connected: frozenset[str]
    port_in_use: bool

    @property
    def state(self) -> State:
        """Its state."""
        return self.status.state

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.status.state.alive


class ConnectionView(NamedTuple):
    """A listener, a connection, or somebody who wants one, as it stands on tcp or ipc.

    Attributes:
        instance: Whose socket.
        endpoint: Where.
        address: The endpoint's address, as libzmq has it.
        socket: The socket's type.
        binds: Whether this end was bound.
        state: ``listening``, ``connecting``, ``handshake``, ``connected`` or ``refused``.
        since: Since when.
        peer: The instance at the other end, or its address where it is outside; empty where that is not known.
        outside: Whether the other end is none of the stage's instances.
        retries: How often it tried again since.
        reason: Why the last attempt came to nothing.
    """

    instance: str
    endpoint: str
    address: str
    socket: str
    binds: bool
    state: str
    since: float
    peer: str
    outside: bool
    retries: int
    reason: str


class StageView(NamedTuple):
    """A whole pattern at one moment.

    Attributes:
        pattern: What is played.
        transport: ``tcp``, ``inproc`` or ``ipc``.
        addresses: By endpoint name.
        knobs: The shared values.
        instances: In the order of their roles.
        peers: Connections by endpoint name, as its binder counts them.
        time: The moment, on the engine's clock.
        elapsed: Seconds since the start.
        running: Whether the stage is on, and not about to stop.
        gate_open: Whether the gate's button was pressed and nobody has taken that up yet.
        connections: Returns the listeners and connections on tcp and ipc as they stand now.
        halted: Why the memory guard stopped it, if it did.
    """

    pattern: Pattern
    transport: str
    addresses: Mapping[str, str]
    knobs: Mapping[str, Any]
    instances: tuple[InstanceView, ...]
    peers: Mapping[str, int]
    time: float
    elapsed: float
    running: bool
    gate_open: bool
    connections: Callable[[], tuple[ConnectionView, ...]] = tuple
    halted: str = ""

    def of(self, role: str) -> list[InstanceView]:
        """Return the instances of `role`."""
        return [instance for instance in self.instances if instance.role == role]

    def instance(self, name: str) -> InstanceView | None:
        """Return the instance called `name`."""
        return next((instance for instance in self.instances if instance.name == name), None)

    def age(self, instance: InstanceView) -> float:
        """Return for how many seconds `instance` is in its state."""
        return max(0.0, self.time - instance.status.since)


class Figure(NamedTuple):
    """A number that means something in a pattern.

    Attributes:
        name: Its key in the summary.
        value: What the summary holds: a number, a text or None.
        text: How it is shown.
        instance: Whose it is; empty for the whole pattern's.
        fraction: Its share of a whole, 0 to 1, to be drawn as a bar.
        tone: What it means: ``sent``, ``received``, ``waiting``, ``working``, ``lost`` or nothing.
        brief: Whether it belongs on a card that has room for one line only.
    """

    name: str
    value: float | int | str | None
    text: str
    instance: str = ""
    fraction: float | None = None
    tone: str = ""
    brief: bool = False


class Watcher:
    """Reads a pattern's traffic and says what it means; each pattern has its own kind.

    Attributes:
        reads: Whether `traffic` wants every message; patterns in a hurry go without.
        knobs: The pattern's shared knob values, live; the stage hands them in.
    """

    reads = True
    knobs: Mapping[str, Any] = {}

    def traffic(self, message: Traffic) -> None:
        """Take note of one message."""

    def left(self, instance: str) -> None:
        """Take note that an instance was taken off the stage: another may come by its name."""

    def figures(self, view: StageView) -> Sequence[Figure]:
        """Return the pattern's figures."""
        return ()

    def sentence(self, view: StageView) -> str:
        """Say in one sentence what is going on."""
        return ""


def names(instances: Sequence[InstanceView], most: int = 3) -> str:
    """Join instances' names as a sentence does: ``a``, ``a and b``, ``a, b and 3 more``."""
    return listed([instance.name for instance in instances], most)


def listed(words: Sequence[str], most: int = 3) -> str:
    """Join words as a sentence does: ``a``, ``a and b``, ``a, b and 3 more``."""
    shown = list(words)
    if len(shown) > most:
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def verb(instances: Sequence[Any], singular: str, plural: str) -> str:
    """Return the form of a verb that fits the number of `instances`."""
    return singular if len(instances) == 1 else plural

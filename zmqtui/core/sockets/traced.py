"""The context and the sockets that roles get: real pyzmq ones, but traced, interruptible and owned.

Tracing hangs on the closures of `trace`, set on the instance: every variant of pyzmq (string, JSON, pickle,
multipart, …) ends in one of them.
"""

from __future__ import annotations

import contextlib
import errno
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import zmq
from zmq.backend import Socket as RawSocket

import zmqtui.core.threads.waits  # noqa: F401 – patches zmq.Poller and zmq.proxy
from zmqtui.core.addresses import is_loopback, port_of, resolved
from zmqtui.core.connections.monitor import Monitor
from zmqtui.core.journal import FAST, RECEIVED, SENT, now
from zmqtui.core.sockets.tape import BRISK, Mark, Tape
from zmqtui.core.sockets.trace import receiver, sender
from zmqtui.core.sockets.wiring import Wiring
from zmqtui.core.state import NotExposed, PortInUse, State
from zmqtui.core.threads.actor import Actor

__all__ = ["Context", "Socket", "Wiring"]

SLICE = 5
"""Milliseconds that libzmq itself may block: the fastest way to wait, and how late a stop can be noticed."""

WARNED = 5.0
"""Seconds between two warnings of the same kind."""

_TIMEOUTS = {zmq.RCVTIMEO, zmq.SNDTIMEO}
_POLLIN, _DONTWAIT = int(zmq.POLLIN), int(zmq.DONTWAIT)


class Socket(zmq.Socket[bytes]):
    """A pyzmq socket whose every message is on a tape and whose every wait can be interrupted.

    Attributes:
        kind: Its type; libzmq need not be asked.
        actor: Its owner; only the owner's thread may use the socket.
        inbox: What it received.
        outbox: What it sent.
        endpoint: The name of the endpoint it is bound or connected to.
        addresses: The addresses it is bound or connected to.
        bound: Those of them that it binds.
        joined: When it was connected to an inproc name last.
        watched: Its monitor, on tcp and ipc.
        visited: Whether anybody from outside has been connected to it.
    """

    kind: int
    actor: Actor
    wiring: Wiring
    stage_context: zmq.Context[Any]
    inbox: Tape
    outbox: Tape
    endpoint: str
    addresses: list[str]
    watched: Monitor | None
    subscriptions: Counter[bytes]
    _orphan: float
    _timeouts: dict[int, int]
    bound: dict[str, None]
    joined: float
    _met: dict[str, None]
    _own_heartbeats: bool
    _warned: float
    visited: bool
    _resolved: dict[str, str]

    def __init__(self, context: Context, socket_type: int) -> None:
        if socket_type not in {kind.value for kind in zmq.SocketType if kind.value <= zmq.STREAM}:
            # The wheel makes draft sockets and then aborts the process when they are used.
            raise zmq.ZMQError(errno.EINVAL, f"socket type {socket_type} is a draft that this libzmq does not have")
        self.actor = context.actor
        try:
            self.actor.persist(partial(super().__init__, context, socket_type), errno.EMFILE)
            self.kind = int(socket_type)
            self.wiring = context.wiring
            self.stage_context = context.wiring.context
            timed = self.kind == zmq.REQ
            limit = BRISK if self.kind in (zmq.REQ, zmq.REP) else FAST
            self.inbox = Tape(self.actor.name, RECEIVED, limit=limit, timed=timed)
            self.outbox = Tape(self.actor.name, SENT, limit=limit, timed=timed)
            self.endpoint = ""
            self.addresses = []
            self._orphan = 0.0
            self.watched = None
            self.subscriptions = Counter()
            self._timeouts = {zmq.RCVTIMEO: -1, zmq.SNDTIMEO: -1}
            self.bound = {}
            self.joined = 0.0
            self._met = {}
            self._warned = -WARNED
            self.visited = self._own_heartbeats = False
            self._resolved = {}
            for option, value in context.wiring.limits.options(self.kind).items():
                super().set(option, value)
            super().set(zmq.RCVTIMEO, SLICE)
            super().set(zmq.SNDTIMEO, SLICE)
            self.__dict__["recv"], self.__dict__["recv_into"] = receiver(self)
            self.__dict__["send"] = sender(self)
            self.actor.sockets.append(self)
        except BaseException:
            # Whoever is made to raise before it is among the actor's leaves a socket that nobody else would close.
            RawSocket.close(self, 0)
            raise
        self.wiring.opened(self)

    # Options.

    def set(self, option: int, optval: Any) -> None:
        """Set an option; the two timeouts are kept here and served by interruptible waits."""
        if option in _TIMEOUTS:
            self._timeouts[option] = optval
            optval = SLICE if optval < 0 else min(SLICE, optval)
        if option == zmq.SUBSCRIBE:
            # Before it is one: what comes in the very moment has to be waited for.
            self._filter(optval, 1)
        try:
            super().set(option, optval)
        except BaseException:
            if option == zmq.SUBSCRIBE:
                self._filter(optval, -1)
            raise
        if option == zmq.UNSUBSCRIBE:
            self._filter(optval, -1)
        if option == zmq.HEARTBEAT_IVL:
            self._own_heartbeats = True

    def get(self, option: int) -> Any:
        """Return an option."""
        return self._timeouts[option] if option in _TIMEOUTS else super().get(option)

    setsockopt = set  # noqa: A003 – pyzmq's name for it
    getsockopt = get

    def _filter(self, prefix: Any, more: int) -> None:
        self.subscriptions[prefix.encode() if isinstance(prefix, str) else bytes(prefix)] += more
        self.subscriptions = +self.subscriptions
        self._mark("filters")

    def _mark(self, what: str) -> None:
        if self.kind in (zmq.SUB, zmq.XSUB):
            self.inbox.write(Mark(now(), what, tuple(self.subscriptions), self.wiring.positions(self)))

    # Endpoints.

    def bind(self, addr: str) -> Any:
        """Bind; a port that is still being closed is waited for.

        Raises:
            PortInUse: If another program holds the address.
            NotExposed: If others on the network could connect there, and that was not allowed.
        """
        if not self.wiring.expose and not is_loopback(addr):
            raise NotExposed(f"{addr} is open to the network and not encrypted: if that is meant, allow it by --expose")
        # Telling its monitor may spoil libzmq's error number; the next try has another chance to get it right.
        refusals = (errno.EADDRINUSE, errno.EAGAIN)
        with self._joining(addr):
            try:
                operation = partial(super().bind, addr)
                result = self.actor.persist(operation, *refusals, state=State.BINDING, detail=port_of(addr))
            except zmq.ZMQError as error:
                if error.errno not in refusals:
                    raise
                raise PortInUse(f"{port_of(addr)} is in use by another program") from None
        self.actor.set(State.RUNNING)
        self.bound[addr] = None
        self.inbox.doubt()
        if addr.startswith("inproc:"):
            self.wiring.registry.bound(addr, self)
        return result

    def connect(self, addr: str) -> Any:
        """Connect; on inproc as soon as the name is bound."""
        addr = self._resolve(addr)
        with self._joining(addr):
            # Before it is: what comes in the very moment has to be waited for.
            self._mark("open")
            if not addr.startswith("inproc:"):
                return super().connect(addr)
            self.reconnect(addr)
            return self._connect_cm(addr)

    def reconnect(self, addr: str) -> None:
        """Connect to an inproc name if it is up; to be called in the owner's thread."""
        if self.closed or not self.wiring.registry.wants(addr, self):
            return
        if addr in self._met:
            self._mark("open")
        super().connect(addr)
        self.joined = now()
        if addr in self._met:
            self.actor.note(f"reconnected to {addr}: the playground did that, ZeroMQ never does on inproc")
        self._met[addr] = None

    def unbind(self, addr: str | bytes) -> None:
        """Stop accepting peers at `addr`."""
        addr = addr if isinstance(addr, str) else addr.decode()
        super().unbind(addr)
        self._left(addr)

    def disconnect(self, addr: str | bytes) -> None:
        """Leave `addr`."""
        addr = self._resolve(addr if isinstance(addr, str) else addr.decode())
        if not addr.startswith("inproc:") or addr in self._met:
            super().disconnect(addr)
        # Who connects again does that himself.
        self._met.pop(addr, None)
        self._left(addr)

    def _resolve(self, addr: str) -> str:
        """Return `addr` with its host name resolved, which is done once: a name may mean another host later."""
        if addr not in self._resolved:
            self._resolved[addr] = resolved(addr)
        return self._resolved[addr]

    @contextlib.contextmanager
    def _joining(self, addr: str) -> Iterator[None]:
        """Belong to `addr` from here on, unless that is refused."""
        self.addresses.append(addr)
        try:
            self._join(addr)
            yield
        except Exception:
            self.addresses.remove(addr)
            if not self.addresses:
                self._mark("close")
            raise

    def _join(self, addr: str) -> None:
        self.endpoint = self.inbox.endpoint = self.outbox.endpoint = self.wiring.names.get(addr, addr)
        # Whoever is new here may send what has several frames.
        self.inbox.doubt()
        if self.outbox.multipart:
            self.wiring.splits(self)
        if "[" in addr:
            super().set(zmq.IPV6, 1)
        if not self._own_heartbeats and not is_loopback(addr):
            for option, value in self.wiring.limits.heartbeats().items():
                super().set(option, value)
        if not addr.startswith("inproc:"):
            monitor = self.watched or Monitor(self)
            if not monitor.begun:
                monitor.begin()
                self.wiring.watched(monitor)

    def _left(self, addr: str) -> None:
        if addr in self.addresses:
            self.addresses.remove(addr)
        self.wiring.registry.gave_up(addr, self)
        for peer in self.wiring.registry.unbound(addr, self):
            self.wiring.unbound(peer)

    @property
    def awaiting(self) -> float:
        """For a REQ: since when it awaits a reply, 0 if it does not."""
        asked = self.outbox.last if self.kind == zmq.REQ else 0.0
        return asked if asked > self.inbox.last else 0.0

    @property
    def orphaned(self) -> bool:
        """For a REQ: whether the peer that had the request is gone, so that no reply can come."""
        return 0.0 < self._orphan == self.awaiting

    def asked(self) -> None:
        """Take in that a REQ sent its request; on inproc that succeeds for a moment after its peer has gone."""
        if self.watched is None and not self.peers():
            # Who is gone may have replied before.
            self.confirm_lost(self.awaiting)

    def confirm_lost(self, asked: float) -> None:
        """Take in, in the owner's thread, that no reply can come to what was asked then, unless it is there."""
        if not self.closed and not int(RawSocket.get(self, zmq.EVENTS)) & _POLLIN:
            self._orphan = asked

    def peers(self) -> int:
        """Return how many peers are connected: by handshake on tcp and ipc, by the registry on inproc."""
        here = sum(self.wiring.registry.peers(address, self) for address in list(self.addresses))
        return here + (self.watched.peers if self.watched else 0)

    def close(self, linger: int | None = None) -> None:
        """Close in the order that libzmq needs: monitor, listeners, socket."""
        if self.closed:
            return
        self._mark("close")
        self.wiring.closing(self)
        if self.watched:
            self.watched.stop()
        for address in list(self.addresses):
            # Unbinding frees the port sooner, but cuts off messages that are to linger.
            if address in self.bound and linger == 0:
                with contextlib.suppress(zmq.ZMQError):
                    super().unbind(address)
            self._left(address)
        super().close(linger)
        with contextlib.suppress(ValueError):
            self.actor.sockets.remove(self)
        # The closures hold the socket and the socket holds them.
        for name in ("recv", "recv_into", "send"):
            self.__dict__.pop(name, None)

    # Waiting.

    def slow_down(self) -> None:
        """Take the careful way from the next message on."""
        for tape in (self.inbox, self.outbox):
            tape.hurry = tape.fast = False

    def look_up(self) -> None:
        """Take the careful way for the next message."""
        self.inbox.fast = self.outbox.fast = False

    def tried(self, option: int) -> float:
        """Return when libzmq began to wait, after it did so in vain up to its own timeout or `SLICE`."""
        timeout = self._timeouts[option]
        return now() - (SLICE if timeout < 0 else min(SLICE, timeout)) / 1000

    def patiently(self, operation: Callable[[], Any], flags: int, event: int, since: float = 0.0) -> Any:
        """Call `operation` until it succeeds, waiting interruptibly for `event` in between.

        Args:
            operation: Receives or sends.
            flags: Its flags.
            event: What it needs.
            since: When it was tried for the first time, in vain, where the caller has done that.
        """
        begun = since or now()
        # Whoever sends a REP what is no request comes from outside; asking costs 2 µs.
        replies = self.visited and self.kind == zmq.REP and event == zmq.POLLIN
        readable = replies and bool(int(RawSocket.get(self, zmq.EVENTS)) & _POLLIN)
        try:
            if since:
                raise zmq.Again
            return operation()
        except zmq.Again:
            if readable:
                self._dropped()
            if flags & _DONTWAIT:
                raise
        option, state = (zmq.RCVTIMEO, State.RECEIVING) if event == zmq.POLLIN else (zmq.SNDTIMEO, State.SENDING)
        timeout = self._timeouts[option]
        until = begun + timeout / 1000 if timeout >= 0 else None
        while True:
            if not self.actor.wait([(self, event)], until, state, begun):
                raise zmq.Again
            # Readable is no promise: a REP may find that what came was no request.
            with contextlib.suppress(zmq.Again):
                return operation()
            if replies:
                self._dropped()

    def _dropped(self) -> None:
        """Say, once in a while, that a peer sent what is no request: of that libzmq says nothing."""
        if now() >= self._warned + WARNED:
            self._warned = now()
            self.actor.warn(
                "a peer sent what is no request: it lacks the empty frame in front. ZeroMQ drops it and, if that peer"
                " was gone by then, the next reply as well: that client waits for ever"
            )


class Context(zmq.Context["Socket"]):
    """A role's view of its stage's context: it makes traced sockets, and terminating it closes only the role's."""

    _socket_class = Socket
    actor: Actor
    wiring: Wiring

    def __init__(self, wiring: Wiring, actor: Actor) -> None:
        super().__init__(shadow=wiring.context)
        self.actor = actor
        self.wiring = wiring

    def term(self) -> None:
        """Close the role's sockets; the context itself belongs to the stage."""
        self.destroy()

    def destroy(self, linger: int | None = None) -> None:
        """Close the role's sockets; the context itself belongs to the stage."""
        for socket in list(self.actor.sockets):
            socket.close(linger)

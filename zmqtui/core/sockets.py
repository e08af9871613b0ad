"""The context and the sockets that roles get: real pyzmq ones, but traced, interruptible and owned.

Tracing hangs on two closures per socket, bound to pyzmq's raw ``send`` and ``recv`` and set on the instance: every
variant of pyzmq (string, JSON, pickle, multipart, …) ends in one of them. While little happens each call takes the
careful way, with the time, all frames and the peer; in a hurry only the payload is written down.
"""

from __future__ import annotations

import contextlib
import errno
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import zmq
from zmq.backend import Socket as RawSocket

from zmqtui.core.actor import Actor, PortInUse, State, current
from zmqtui.core.addresses import port_of
from zmqtui.core.journal import RECEIVED, SENT, Mark, Tape, now
from zmqtui.core.monitor import Monitor, peer_name

if TYPE_CHECKING:
    from zmqtui.core.inproc import Registry

SLICE = 5
"""Milliseconds that libzmq itself may block: the fastest way to wait, and how late a stop can be noticed."""
BIND_PATIENCE = 2.0
"""Seconds for which a bind is tried again: libzmq closes listeners a little after the fact."""
MAX_MESSAGE = 2**20
"""Bytes of the largest frame taken from a peer by default."""

_TIMEOUTS = {zmq.RCVTIMEO, zmq.SNDTIMEO}


class Wiring:
    """What a context needs to know of its stage: who meets where, and who wants to hear of new sockets."""

    def __init__(self, context: zmq.Context[Any], endpoints: dict[str, str], registry: Registry) -> None:
        self.context = context
        self.names = {address: name for name, address in endpoints.items()}
        self.registry = registry

    def opened(self, socket: Socket) -> None:
        """Hear that `socket` was made."""

    def closing(self, socket: Socket) -> None:
        """Hear that `socket` is about to be closed."""

    def positions(self, socket: Socket) -> dict[Tape, int]:
        """Return where the tapes of the publishers that `socket` can hear stand."""
        return {}


class Socket(zmq.Socket[bytes]):
    """A pyzmq socket whose every message is on a tape and whose every wait can be interrupted.

    Attributes:
        actor: Its owner; only the owner's thread may use the socket.
        inbox: What it received.
        outbox: What it sent.
        endpoint: The name of the endpoint it is bound or connected to.
        addresses: The addresses it is bound or connected to.
        bound: Those of them that it binds.
        awaiting: For a REQ: since when it awaits a reply, 0 if it does not.
        orphaned: For a REQ: whether the peer that had the request is gone, so that no reply can come.
        watched: Its monitor, on tcp and ipc.
    """

    actor: Actor
    wiring: Wiring
    stage_context: zmq.Context[Any]
    inbox: Tape
    outbox: Tape
    endpoint: str
    addresses: list[str]
    awaiting: float
    orphaned: bool
    watched: Monitor | None
    subscriptions: Counter[bytes]
    _timeouts: dict[int, int]
    bound: dict[str, None]
    _met: dict[str, None]

    def __init__(self, context: Context, socket_type: int) -> None:
        if socket_type not in {kind.value for kind in zmq.SocketType if kind.value <= zmq.STREAM}:
            # The wheel makes draft sockets and then aborts the process when they are used.
            raise zmq.ZMQError(errno.EINVAL, f"socket type {socket_type} is a draft that this libzmq does not have")
        super().__init__(context, socket_type)
        self.actor = context.actor
        self.wiring = context.wiring
        self.stage_context = context.wiring.context
        self.inbox = Tape(self.actor.name, RECEIVED)
        self.outbox = Tape(self.actor.name, SENT)
        self.endpoint = ""
        self.addresses = []
        self.awaiting = 0.0
        self.orphaned = False
        self.watched = None
        self.subscriptions = Counter()
        self._timeouts = {zmq.RCVTIMEO: -1, zmq.SNDTIMEO: -1}
        self.bound = {}
        self._met = {}
        super().set(zmq.RCVTIMEO, SLICE)
        super().set(zmq.SNDTIMEO, SLICE)
        self.__dict__["recv"], self.__dict__["recv_into"] = _receiver(self)
        self.__dict__["send"] = _sender(self)
        self.actor.sockets.append(self)
        self.wiring.opened(self)

    # Options.

    def set(self, option: int, optval: Any) -> None:
        """Set an option; the two timeouts are kept here and served by interruptible waits."""
        if option in _TIMEOUTS:
            self._timeouts[option] = optval
            optval = SLICE if optval < 0 else min(SLICE, optval)
        super().set(option, optval)
        if option in (zmq.SUBSCRIBE, zmq.UNSUBSCRIBE):
            prefix = optval.encode() if isinstance(optval, str) else bytes(optval)
            self.subscriptions[prefix] += 1 if option == zmq.SUBSCRIBE else -1
            self.subscriptions = +self.subscriptions
            self._mark("filters")

    def get(self, option: int) -> Any:
        """Return an option."""
        return self._timeouts[option] if option in _TIMEOUTS else super().get(option)

    setsockopt = set
    getsockopt = get

    def _mark(self, what: str) -> None:
        if self.type in (zmq.SUB, zmq.XSUB):
            self.inbox.items.append(Mark(what, tuple(self.subscriptions), self.wiring.positions(self)))

    # Endpoints.

    def bind(self, addr: str) -> Any:
        """Bind; a port that is still being closed is tried again for two seconds.

        Raises:
            PortInUse: If another program holds the address.
        """
        self._join(addr)
        wait, until = 0.001, now() + BIND_PATIENCE
        while True:
            try:
                result = super().bind(addr)
                break
            except zmq.ZMQError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                if now() >= until:
                    raise PortInUse(f"{port_of(addr)} is in use by another program") from None
            if wait > 0.01:
                self.actor.set(State.BINDING, detail=port_of(addr))
            self.actor.pace(wait)
            wait = min(wait * 2, 0.05)
        self.actor.set(State.RUNNING)
        self.bound[addr] = None
        if addr.startswith("inproc:"):
            self.wiring.registry.bound(addr, self)
        return result

    def connect(self, addr: str) -> Any:
        """Connect; on inproc as soon as the name is bound."""
        self._join(addr)
        if not addr.startswith("inproc:"):
            result = super().connect(addr)
        else:
            result = self._connect_cm(addr)
            self.reconnect(addr)
        self._mark("open")
        return result

    def reconnect(self, addr: str) -> None:
        """Connect to an inproc name if it is up; to be called in the owner's thread."""
        if self.closed or not self.wiring.registry.wants(addr, self):
            return
        super().connect(addr)
        if addr in self._met:
            self.actor.note(f"reconnected to {addr}: the playground did that, ZeroMQ never does on inproc")
            self._mark("open")
        self._met[addr] = None

    def unbind(self, addr: str | bytes) -> None:
        """Stop accepting peers at `addr`."""
        addr = addr if isinstance(addr, str) else addr.decode()
        super().unbind(addr)
        self._left(addr)

    def disconnect(self, addr: str | bytes) -> None:
        """Leave `addr`."""
        addr = addr if isinstance(addr, str) else addr.decode()
        if not addr.startswith("inproc:") or addr in self._met:
            super().disconnect(addr)
        self._left(addr)

    def _join(self, addr: str) -> None:
        self.endpoint = self.inbox.endpoint = self.outbox.endpoint = self.wiring.names.get(addr, addr)
        self.addresses.append(addr)
        if self.watched is None and not addr.startswith("inproc:"):
            self.watched = Monitor(self)

    def _left(self, addr: str) -> None:
        if addr in self.addresses:
            self.addresses.remove(addr)
        self.wiring.registry.gave_up(addr, self)
        for peer in self.wiring.registry.unbound(addr, self):
            peer.peer_left()

    def peer_left(self) -> None:
        """Hear that a peer is gone: a REQ that awaits its reply will wait for ever."""
        if self.awaiting:
            self.orphaned = True

    def peers(self) -> int:
        """Return how many peers are connected: by handshake on tcp and ipc, by the registry on inproc."""
        here = sum(len(self.wiring.registry.peers(address)) for address in self.bound)
        return here + (self.watched.peers if self.watched else 0)

    def close(self, linger: int | None = None) -> None:
        """Close in the order that libzmq needs: monitor, listeners, socket."""
        if self.closed:
            return
        self._mark("close")
        self.wiring.closing(self)
        if self.watched:
            self.watched.stop()
        for address in tuple(self.addresses):
            if address in self.bound:
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
        self.inbox.fast = self.outbox.fast = False

    def patiently(self, operation: Callable[[], Any], flags: int, event: int) -> Any:
        """Call `operation` until it succeeds, waiting interruptibly for `event` in between."""
        begun = now()
        try:
            return operation()
        except zmq.Again:
            if flags & zmq.DONTWAIT:
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


class Context(zmq.Context["Socket"]):
    """A role's view of its stage's context: it makes traced sockets, and terminating it closes only the role's."""

    _socket_class = Socket
    actor: Actor
    wiring: Wiring

    def __init__(self, wiring: Wiring, actor: Actor) -> None:
        super().__init__(shadow=wiring.context)
        self.actor = actor
        self.wiring = wiring
        self.linger = 0
        self.sockopts[zmq.MAXMSGSIZE] = MAX_MESSAGE
        self.sockopts[zmq.HANDSHAKE_IVL] = 2000

    def term(self) -> None:
        """Close the role's sockets; the context itself belongs to the stage."""
        self.destroy()

    def destroy(self, linger: int | None = None) -> None:
        """Close the role's sockets; the context itself belongs to the stage."""
        for socket in tuple(self.actor.sockets):
            socket.close(linger)


def _receiver(socket: Socket) -> tuple[Callable[..., Any], Callable[..., int]]:
    raw_recv = RawSocket.recv.__get__(socket)
    raw_recv_into = RawSocket.recv_into.__get__(socket)
    tape, actor = socket.inbox, socket.actor
    append = tape.items.append
    requests = socket.type == zmq.REQ
    asks_who = socket.type in (zmq.REP, zmq.ROUTER)

    def careful(flags: int, copy: bool, track: bool) -> Any:
        actor.checkpoint()
        frame = socket.patiently(lambda: raw_recv(flags, False, track), flags, zmq.POLLIN)
        data = frame.bytes
        tape.frame(now(), data, frame.more, _peer(frame) if asks_who and not frame.more else "")
        if requests and not frame.more:
            socket.awaiting, socket.orphaned = 0.0, False
        return data if copy else frame

    def recv(flags: int = 0, copy: bool = True, track: bool = False) -> Any:
        if tape.fast and copy:
            try:
                data = raw_recv(flags)
            except zmq.Again:
                return careful(flags, copy, track)
            append(data)
            return data
        return careful(flags, copy, track)

    def recv_into(buffer: Any, /, *, nbytes: int = 0, flags: int = 0) -> int:
        actor.checkpoint()
        size: int = socket.patiently(lambda: raw_recv_into(buffer, nbytes=nbytes, flags=flags), flags, zmq.POLLIN)
        data = bytes(memoryview(buffer).cast("B")[: min(size, nbytes or size)])
        tape.frame(now(), data, bool(RawSocket.get(socket, zmq.RCVMORE)))
        return size

    return recv, recv_into


def _peer(frame: zmq.Frame) -> str:
    try:
        return peer_name(int(frame.get(zmq.SRCFD)))
    except zmq.ZMQError:
        return ""


def _sender(socket: Socket) -> Callable[..., Any]:
    raw_send = RawSocket.send.__get__(socket)
    tape, actor = socket.outbox, socket.actor
    append = tape.items.append
    requests = socket.type == zmq.REQ

    def careful(data: Any, flags: int, copy: bool, track: bool) -> Any:
        actor.checkpoint()
        # Written down before it is sent, since the buffer is the caller's; timed before, since the peer is quick.
        frame = data if type(data) is bytes else _bytes(data)
        when = now()

        def send() -> Any:
            nonlocal when
            when = now()
            return raw_send(data, flags, copy, track)

        result = socket.patiently(send, flags, zmq.POLLOUT)
        more = bool(flags & zmq.SNDMORE)
        tape.frame(when, frame, more)
        if requests and not more:
            socket.awaiting = when
        return result

    def send(
        data: Any,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> Any:
        if tape.fast and not flags and type(data) is bytes:
            try:
                result = raw_send(data, 0, copy, track)
            except zmq.Again:
                return careful(data, flags, copy, track)
            append(data)
            return result
        if routing_id is not None or group is not None:
            raise zmq.ZMQError(errno.EINVAL, "routing_id and group are for draft sockets that this libzmq lacks")
        return careful(data, flags, copy, track)

    return send


def _bytes(data: Any) -> bytes:
    if isinstance(data, zmq.Frame):
        return data.bytes
    if isinstance(data, str):
        raise TypeError("str objects not allowed. Use: send_string() or encode it")
    return bytes(memoryview(data))


def _poll(self: zmq.Poller, timeout: int | None = None) -> list[tuple[Any, int]]:
    """Poll as pyzmq does, but in a role's thread so that it can be stopped and paused."""
    actor = current()
    if actor is None:
        return _plain_poll(self, timeout)
    actor.checkpoint()
    if hits := _plain_poll(self, 0):
        return hits
    begun = now()
    until = None if timeout is None or timeout < 0 else begun + timeout / 1000
    return actor.wait(list(self.sockets), until, State.POLLING, begun)


_plain_poll = zmq.Poller.poll
zmq.Poller.poll = _poll  # type: ignore[method-assign]


def _proxy(frontend: Any, backend: Any, capture: Any = None) -> None:
    """Relay as libzmq's proxy does, but in a role's thread message by message, so that every hop is seen."""
    if current() is None:
        _plain_proxy(frontend, backend, capture)
        return
    poller = zmq.Poller()
    ways = {frontend: backend, backend: frontend}
    for socket in ways:
        poller.register(socket, zmq.POLLIN)
    while True:
        for socket, _ in poller.poll():
            frames = socket.recv_multipart()
            if capture is not None:
                capture.send_multipart(frames)
            ways[socket].send_multipart(frames)


_plain_proxy = zmq.proxy
zmq.proxy = _proxy  # type: ignore[assignment]

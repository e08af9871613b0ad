"""How messages get on the tapes: a socket's own ``send`` and ``recv``, closures around pyzmq's raw ones.

While little happens each call takes the careful way, with the time, all frames and the peer; in a hurry only the
payload is written down.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import zmq
from zmq.backend import Socket as RawSocket

from zmqtui.core.connections.monitor import peer_name
from zmqtui.core.journal import now

if TYPE_CHECKING:
    from zmqtui.core.sockets.tape import Tape
    from zmqtui.core.sockets.traced import Socket
    from zmqtui.core.threads.actor import Actor


def receiver(socket: Socket) -> tuple[Callable[..., Any], Callable[..., int]]:
    """Return the ``recv`` and ``recv_into`` of `socket`."""
    raw_recv = RawSocket.recv.__get__(socket)
    raw_recv_into = RawSocket.recv_into.__get__(socket)
    tape, actor = socket.inbox, socket.actor
    append = tape.items.append
    requests = socket.kind == zmq.REQ
    replies = socket.kind in (zmq.REP, zmq.ROUTER)
    steady = requests or replies

    def received(when: float, data: bytes, more: bool, peer: str) -> None:
        tape.frame(when, data, more, peer)
        if requests and not more:
            socket.awaiting, socket.orphaned = 0.0, False

    def careful(flags: int, copy: bool, track: bool) -> Any:
        actor.checkpoint()
        frame = socket.patiently(lambda: raw_recv(flags, False, track), flags, zmq.POLLIN)
        data, more = frame.bytes, frame.more
        # Asking costs some system calls: not for what hardly anybody sees.
        asks_who = not more and (replies or not tape.sampler.sparse)
        when = now()
        received(when, data, more, _peer(frame) if asks_who else "")
        if not steady and (tape.hurry or tape.rushed(when)):
            _hurry(tape, actor)
        return data if copy else frame

    def recv(flags: int = 0, copy: bool = True, track: bool = False) -> Any:
        if not tape.fast or not copy:
            return careful(flags, copy, track)
        try:
            if tape.single:
                data = raw_recv(flags)
                # Asked again: whoever is about to send several frames says so before.
                if tape.single:
                    append(data)
                    return data
                more = bool(RawSocket.get(socket, zmq.RCVMORE))
            else:
                frame = raw_recv(flags, False)
                data, more = frame.bytes, frame.more
        except zmq.Again:
            return careful(flags, copy, track)
        if more:
            tape.frame(now(), data, True)
        else:
            append(data)
        return data

    def recv_into(buffer: Any, /, *, nbytes: int = 0, flags: int = 0) -> int:
        actor.checkpoint()
        size: int = socket.patiently(lambda: raw_recv_into(buffer, nbytes=nbytes, flags=flags), flags, zmq.POLLIN)
        data = bytes(memoryview(buffer).cast("B")[: min(size, nbytes or size)])
        received(now(), data, bool(RawSocket.get(socket, zmq.RCVMORE)), "")
        return size

    return recv, recv_into


def _hurry(tape: Tape, actor: Actor) -> None:
    """Shift up; only the owner's thread does, so that no message is half one way and half the other."""
    if not tape.multipart:
        tape.fast = True
        if actor.attention:
            # Whoever called may have shifted down a moment ago.
            tape.fast = False


def _peer(frame: zmq.Frame) -> str:
    try:
        return peer_name(int(frame.get(zmq.SRCFD)))
    except zmq.ZMQError:
        return ""


def sender(socket: Socket) -> Callable[..., Any]:
    """Return the ``send`` of `socket`."""
    raw_send = RawSocket.send.__get__(socket)
    tape, actor = socket.outbox, socket.actor
    append = tape.items.append
    requests = socket.kind == zmq.REQ

    def careful(data: Any, flags: int, copy: bool, track: bool) -> Any:
        actor.checkpoint()
        # Written down before it is sent, since the buffer is the caller's; timed before, since the peer is quick.
        frame = data if type(data) is bytes else _bytes(data)
        more = bool(flags & zmq.SNDMORE)
        if more and not tape.multipart:
            tape.multipart = True
            socket.wiring.splits(socket)
        when = now()

        def send() -> Any:
            nonlocal when
            when = now()
            return raw_send(data, flags, copy, track)

        result = socket.patiently(send, flags, zmq.POLLOUT)
        tape.frame(when, frame, more)
        if requests and not more:
            socket.asked(when)
        if not requests and (tape.hurry or tape.rushed(when)):
            _hurry(tape, actor)
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

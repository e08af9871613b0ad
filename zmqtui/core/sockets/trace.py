"""How messages get on the tapes: a socket's own ``send`` and ``recv``, closures around pyzmq's raw ones.

While little happens each call takes the careful way, with the time, all frames and the peer; in a hurry only the
payload is written down, and for a REQ the time, since that is what round trips are told from.
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

_MORE = int(zmq.SNDMORE)
"""A plain number: with pyzmq's own flags the one `&` takes longer than libzmq takes to send."""


def receiver(socket: Socket) -> tuple[Callable[..., Any], Callable[..., int]]:
    """Return the ``recv`` and ``recv_into`` of `socket`."""
    raw_recv = RawSocket.recv.__get__(socket)
    raw_recv_into = RawSocket.recv_into.__get__(socket)
    tape, actor = socket.inbox, socket.actor
    append, stamp = tape.items.append, tape.stamps.append
    requests = socket.kind == zmq.REQ
    replies = socket.kind in (zmq.REP, zmq.ROUTER)

    def careful(flags: int, copy: bool, track: bool, *, tried: bool = False) -> Any:
        since = socket.tried(zmq.RCVTIMEO) if tried else 0.0
        actor.checkpoint()
        if requests:
            socket.asked()
        frame = socket.patiently(lambda: raw_recv(flags, False, track), flags, zmq.POLLIN, since)
        data, more = frame.bytes, frame.more
        # Asking costs some system calls: not for what hardly anybody sees.
        asks_who = not more and (replies or not tape.sampler.sparse)
        when = now()
        if tape.fast and not more and not tape.timed:
            append(data)
            return data if copy else frame
        tape.frame(when, data, more, _peer(frame) if asks_who else "")
        if tape.hurry or tape.rushed(when):
            _hurry(socket, tape)
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
            return careful(flags, copy, track, tried=True)
        if more:
            tape.frame(now(), data, True)
        else:
            append(data)
        return data

    def recv_timed(flags: int = 0, copy: bool = True, track: bool = False) -> Any:
        if not tape.fast or not copy or not tape.single:
            return careful(flags, copy, track)
        try:
            data = raw_recv(flags)
        except zmq.Again:
            return careful(flags, copy, track, tried=True)
        tape.last = when = now()
        if tape.single:
            stamp(when)
            append(data)
        else:
            tape.frame(when, data, bool(RawSocket.get(socket, zmq.RCVMORE)))
        return data

    def recv_into(buffer: Any, /, *, nbytes: int = 0, flags: int = 0) -> int:
        actor.checkpoint()
        size: int = socket.patiently(lambda: raw_recv_into(buffer, nbytes=nbytes, flags=flags), flags, zmq.POLLIN)
        data = bytes(memoryview(buffer).cast("B")[: min(size, nbytes or size)])
        tape.frame(now(), data, bool(RawSocket.get(socket, zmq.RCVMORE)))
        return size

    return recv_timed if tape.timed else recv, recv_into


def _hurry(socket: Socket, tape: Tape) -> None:
    """Shift up; only the owner's thread does, so that no message is half one way and half the other."""
    if not tape.multipart:
        if socket.watched is None and not socket.inbox.single:
            # On inproc nobody can come from outside.
            socket.inbox.judge(lambda: not socket.wiring.split(socket))
        tape.fast = True
        if socket.actor.attention:
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
    append, stamp = tape.items.append, tape.stamps.append
    requests, timed = socket.kind == zmq.REQ, tape.timed

    def careful(data: Any, flags: int, copy: bool, track: bool, *, tried: bool = False) -> Any:
        since = socket.tried(zmq.SNDTIMEO) if tried else 0.0
        actor.checkpoint()
        # Written down before it is sent, since the buffer is the caller's; timed before, since the peer is quick.
        frame = data if type(data) is bytes else _bytes(data)
        more = bool(flags & _MORE)
        if more and not tape.multipart:
            tape.multipart = True
            socket.wiring.splits(socket)
        when = now()

        def send() -> Any:
            nonlocal when
            when = now()
            return raw_send(data, flags, copy, track)

        result = socket.patiently(send, flags, zmq.POLLOUT, since)
        tape.frame(when, frame, more)
        if requests:
            socket.asked()
        if tape.hurry or tape.rushed(when):
            _hurry(socket, tape)
        return result

    def send(
        data: Any,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> Any:
        if tape.fast and not flags and type(data) is bytes and not timed:
            try:
                # One argument takes pyzmq less time than four.
                result = raw_send(data) if copy else raw_send(data, 0, copy, track)
            except zmq.Again:
                return careful(data, flags, copy, track, tried=True)
            append(data)
            return result
        if routing_id is not None or group is not None:
            raise zmq.ZMQError(errno.EINVAL, "routing_id and group are for draft sockets that this libzmq lacks")
        return careful(data, flags, copy, track)

    def send_timed(data: Any, flags: int = 0, *args: Any, **kwargs: Any) -> Any:
        if not tape.fast or flags or type(data) is not bytes or args or kwargs:
            return send(data, flags, *args, **kwargs)
        when = now()
        try:
            raw_send(data)
        except zmq.Again:
            return careful(data, 0, True, False, tried=True)
        tape.last = when
        stamp(when)
        append(data)
        return None

    return send_timed if timed else send


def _bytes(data: Any) -> bytes:
    if isinstance(data, zmq.Frame):
        return data.bytes
    if isinstance(data, str):
        raise TypeError("str objects not allowed. Use: send_string() or encode it")
    return bytes(memoryview(data))

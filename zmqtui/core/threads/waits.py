"""pyzmq's waits that are not a socket's own, made interruptible in a role's thread and untouched elsewhere."""

from __future__ import annotations

from typing import Any

import zmq

from zmqtui.core.journal import now
from zmqtui.core.state import State
from zmqtui.core.threads.actor import current


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


def _select(
    rlist: list[Any], wlist: list[Any], xlist: list[Any], timeout: float | None = None
) -> tuple[list[Any], list[Any], list[Any]]:
    """Select as pyzmq does, but in a role's thread as its poller polls."""
    if current() is None:
        return _plain_select(rlist, wlist, xlist, timeout)
    poller = zmq.Poller()
    lists = ((rlist, zmq.POLLIN), (wlist, zmq.POLLOUT), (xlist, zmq.POLLERR))
    for socket in {*rlist, *wlist, *xlist}:
        poller.register(socket, sum(flag for sockets, flag in lists if socket in sockets))
    hits = poller.poll(None if timeout is None else int(timeout * 1000))
    read, write, error = ([socket for socket, found in hits if found & flag] for _, flag in lists)
    return read, write, error


_plain_select = zmq.select
zmq.select = _select


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

"""The safe defaults are on every socket, and can be changed."""

from __future__ import annotations

import resource
from typing import Any

import pytest
import zmq

from tests.helpers import instance, pattern_of, stage_of, until
from zmqtui.core.limits import LIMITS, Limits, raise_descriptors
from zmqtui.core.model import BadInput, Endpoints, Knobs
from zmqtui.core.sockets.traced import Context
from zmqtui.core.state import State

KINDS = [kind for kind in zmq.SocketType if kind.value <= zmq.STREAM]
OPTIONS = {
    zmq.MAXMSGSIZE: 2**20,
    zmq.SNDHWM: 1000,
    zmq.RCVHWM: 1000,
    zmq.HANDSHAKE_IVL: 2000,
    zmq.HEARTBEAT_IVL: 0,
    zmq.LINGER: 0,
}


def _made(limits: Limits | None, again: Limits | None = None) -> list[dict[int, dict[int, Any]]]:
    """Return the options of a role's new sockets by type, at each of its lives."""
    found: list[dict[int, dict[int, Any]]] = []

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        options = {}
        for kind in KINDS:
            with context.socket(kind) as socket:
                options[int(kind)] = {int(option): socket.get(option) for option in OPTIONS}
        found.append(options)

    with stage_of(pattern_of({"role": role}), limits=limits) as stage:
        stage.start()
        until(lambda: instance(stage, "role").state is State.FINISHED)
        if again:
            stage.limits = again
            stage.revive("role")
            until(lambda: len(found) == 2)
    return found


def test_every_socket_has_the_safe_defaults() -> None:
    """Protects from peers: whatever type a role makes, it is bounded; subscriptions more so."""
    (found,) = _made(None)
    assert len(found) == len(KINDS) == 12
    for kind, options in found.items():
        size = 4096 if kind in (zmq.PUB, zmq.XPUB) else 2**20
        assert options == OPTIONS | {zmq.MAXMSGSIZE: size}, zmq.SocketType(kind)


def test_limits_hold_for_what_is_made_from_then_on() -> None:
    """Protects what the command line and the dialog promise: the next start, or a restart, has other limits."""
    first, second = _made(Limits(hwm=7, linger=30), Limits(maxmsgsize=-1, handshake_ivl=0))
    assert first[zmq.PULL][zmq.RCVHWM] == 7
    assert first[zmq.PUSH][zmq.LINGER] == 30
    assert second[zmq.PULL][zmq.RCVHWM] == 1000
    assert second[zmq.PULL][zmq.MAXMSGSIZE] == -1
    assert second[zmq.PULL][zmq.HANDSHAKE_IVL] == 0


def test_heartbeats_go_beyond_this_machine_only() -> None:
    """Protects from libzmq, which aborts where a heartbeat waits behind a full queue and its sender is gone.

    On one machine that would come of killing a role while another is paused, and the system tells who is gone anyway.
    """
    found = []

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        for address in ("tcp://127.0.0.1:*", "ipc://*", "tcp://*:*"):
            socket = context.socket(zmq.PULL)
            socket.bind(address)
            found.append((socket.heartbeat_ivl, socket.heartbeat_timeout))
        socket = context.socket(zmq.PUSH)
        socket.connect("tcp://192.0.2.7:5555")
        found.append((socket.heartbeat_ivl, socket.heartbeat_timeout))
        socket = context.socket(zmq.PUSH)
        socket.heartbeat_ivl = 77
        socket.connect("tcp://192.0.2.7:5555")
        found.append((socket.heartbeat_ivl, socket.heartbeat_timeout))

    with stage_of(pattern_of({"role": role}), expose=True) as stage:
        stage.start()
        until(lambda: instance(stage, "role").state is State.FINISHED)
    assert found == [(0, -1), (0, -1), (2000, 6000), (2000, 6000), (77, -1)]


def test_a_role_may_set_otherwise() -> None:
    """Protects that a role is a ZeroMQ program like any other."""
    found = []

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PULL)
        socket.setsockopt(zmq.MAXMSGSIZE, 5)
        socket.rcvhwm = 3
        context.linger = 9
        found.append((socket.maxmsgsize, socket.rcvhwm, context.socket(zmq.PUSH).linger))

    with stage_of(pattern_of({"role": role})) as stage:
        stage.start()
        until(lambda: found == [(5, 3, 9)])


@pytest.mark.parametrize(
    ("name", "text"), [("hwm", "-1"), ("hwm", "many"), ("memory", "1e99"), ("linger", "-1"), ("size", "1")]
)
def test_bad_limits_are_refused(name: str, text: str) -> None:
    """Protects from values that libzmq refuses with a number, or that hang a stop."""
    with pytest.raises(BadInput, match=name):
        Limits().parsed(name, text)


def test_limits_cannot_be_made_wrong() -> None:
    """Protects against going around what a person types."""
    with pytest.raises(BadInput):
        Limits(hwm=-1)
    assert [limit.name for limit in LIMITS] == list(vars(Limits()))


def test_the_process_may_open_as_many_files_as_it_may() -> None:
    """Protects a thousand instances from a low soft limit, where the system allows more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = min(256, before[0])
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (low, before[1]))
        raise_descriptors()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(65_536, before[1]), before[1])
        raise_descriptors()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

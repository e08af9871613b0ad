"""Where a role stands, in words, and what ends it."""

from __future__ import annotations

import errno
from enum import Enum
from typing import NamedTuple

import zmq


class Stopped(BaseException):
    """Raised in a role's thread to end it; no ``except Exception`` of a role can eat it."""


class PortInUse(OSError):
    """Another program listens on the port a role wants to bind."""


class NotExposed(OSError):
    """A role wants to bind where others on the network can connect, and nobody has allowed that."""


class State(Enum):
    """Where a role stands, in words."""

    NOT_STARTED = "not started"
    RUNNING = "running"
    WORKING = "working"
    RECEIVING = "waiting in recv()"
    SENDING = "blocked in send()"
    POLLING = "waiting in poll()"
    BINDING = "waiting for the port"
    ASKING = "waiting for you"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    KILLED = "killed"
    FAILED = "failed"
    STUCK = "stuck"

    @property
    def alive(self) -> bool:
        """Whether a thread of the role runs in this state."""
        return self not in _ENDED


_ENDED = {State.NOT_STARTED, State.FINISHED, State.STOPPED, State.KILLED, State.FAILED, State.STUCK}


class Status(NamedTuple):
    """A role's state, since when (on the engine's clock) and what more there is to say."""

    state: State
    since: float = 0.0
    detail: str = ""


_HINTS: dict[int, str] = {int(zmq.EFSM): "a REQ sends and receives in turn, a REP receives and sends: "}


def describe(error: BaseException) -> str:
    """Say in one line what an exception says."""
    if isinstance(error, (PortInUse, NotExposed)):
        return str(error)
    try:
        text = str(error) or type(error).__name__
    except Exception:
        text = "it cannot say what happened"
    if isinstance(error, zmq.ZMQError):
        number = error.errno or 0
        name = zmq.Errno(number).name if number in set(zmq.Errno) else errno.errorcode.get(number, number)
        hint = _HINTS.get(int(number), "")
        return f"ZMQError {name}: {hint}{text}"
    return f"{type(error).__name__}: {text}"

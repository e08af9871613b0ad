"""What a peer may cost us: limits that every socket of a role gets, and one on the memory of all."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, fields, replace

import zmq

from zmqtui.core.model import BadInput, Knob
from zmqtui.core.text import printable

DESCRIPTORS = 65_536
"""File descriptors that are enough: more would only slow down programs that close them all."""


@dataclass(frozen=True)
class Limits:
    """Limits with safe defaults, under the names and in the units of ZeroMQ's socket options.

    A role may set an option of a socket of its own otherwise, as any program may.

    Attributes:
        maxmsgsize: Bytes of the largest frame taken from a peer; who sends a larger one is disconnected. -1 for any.
        maxsubsize: The same for what a PUB or XPUB takes, which are subscriptions: one of 1 MiB takes 40 MiB of memory.
        hwm: Messages that may wait in each direction of each connection; 0 for any number.
        handshake_ivl: Milliseconds in which a peer must have shaken hands; 0 for as long as it likes.
        heartbeat_ivl: Milliseconds between heartbeats to peers beyond this machine; 0 for none.
        heartbeat_timeout: Milliseconds after a heartbeat in which a peer must be heard of.
        linger: Milliseconds that messages under way have when a role closes its socket.
        memory: MiB by which the process may grow before its memory guard stops a stage; 0 for no guard.
    """

    maxmsgsize: int = 2**20
    maxsubsize: int = 4096
    hwm: int = 1000
    handshake_ivl: int = 2000
    heartbeat_ivl: int = 2000
    heartbeat_timeout: int = 6000
    linger: int = 0
    memory: int = 512

    def __post_init__(self) -> None:
        for limit in LIMITS:
            limit.check(getattr(self, limit.name))

    def parsed(self, name: str, text: str) -> Limits:
        """Return these limits with one set as a person types it.

        Raises:
            BadInput: If there is no such limit, or it is no value of it.
        """
        for limit in LIMITS:
            if limit.name == name:
                return replace(self, **{name: limit.parse(text)})
        known = ", ".join(limit.name for limit in LIMITS)
        raise BadInput(f"there is no limit {printable(name, 40)!r}: choose one of {known}")

    def options(self, kind: int) -> dict[int, int]:
        """Return the options of a socket of type `kind`, by number."""
        return {
            zmq.MAXMSGSIZE: self.maxsubsize if kind in (zmq.PUB, zmq.XPUB) else self.maxmsgsize,
            zmq.SNDHWM: self.hwm,
            zmq.RCVHWM: self.hwm,
            zmq.HANDSHAKE_IVL: self.handshake_ivl,
            zmq.LINGER: self.linger,
        }

    def heartbeats(self) -> dict[int, int]:
        """Return the options of a socket that meets others beyond this machine; on it a peer's end is seen anyway.

        Not for every socket: where a queue is full, a heartbeat waits behind it and the peer goes, libzmq 4.3.5 aborts.
        """
        return {zmq.HEARTBEAT_IVL: self.heartbeat_ivl, zmq.HEARTBEAT_TIMEOUT: self.heartbeat_timeout}


_MOST = 2**31 - 1
_DEFAULT = {field.name: field.default for field in fields(Limits)}


def _limit(name: str, help: str, unit: str, low: int, high: int) -> Knob:  # noqa: A002 – as Knob has it
    return Knob(name, "int", _DEFAULT[name], help, unit, low, high)


LIMITS: tuple[Knob, ...] = (
    _limit("maxmsgsize", "largest frame of a peer, -1 for any", "B", -1, _MOST),
    _limit("maxsubsize", "largest subscription, -1 for any", "B", -1, _MOST),
    _limit("hwm", "messages queued per peer, 0 for any", "", 0, _MOST),
    _limit("handshake_ivl", "for a peer's handshake, 0 for any", "ms", 0, 3_600_000),
    _limit("heartbeat_ivl", "beyond this machine, 0 for none", "ms", 0, 3_600_000),
    _limit("heartbeat_timeout", "silence after one, 0 for any", "ms", 0, 3_600_000),
    _limit("linger", "for a closed socket's messages", "ms", 0, 10_000),
    _limit("memory", "growth of the process, 0 for any", "MiB", 0, 2**20),
)
"""The limits as a person sets them."""


def raise_descriptors() -> None:
    """Let the process open as many files as it may: a thousand instances need some thousands."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS calls a limit endless and then takes no more than that.
    for wanted in (DESCRIPTORS, 10_240):
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
                return

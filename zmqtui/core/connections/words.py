"""What happens to connections, in plain words."""

from __future__ import annotations

import errno
import os
from typing import Final, NamedTuple

import zmq

from zmqtui.core.addresses import is_loopback
from zmqtui.core.connections import contacts
from zmqtui.core.connections.contacts import End, Reason, Report
from zmqtui.core.connections.directory import Directory
from zmqtui.core.journal import Event
from zmqtui.core.watch import listed

_LOG: Final = {contacts.CONNECTED, contacts.HANDSHAKE, contacts.DISCONNECTED, contacts.REFUSED}
"""What is worth a line in the log; of the others only the Connections view tells."""
_FITS: Final = {
    zmq.PAIR: ("PAIR",),
    zmq.PUB: ("SUB", "XSUB"),
    zmq.XPUB: ("SUB", "XSUB"),
    zmq.SUB: ("PUB", "XPUB"),
    zmq.XSUB: ("PUB", "XPUB"),
    zmq.REQ: ("REP", "ROUTER"),
    zmq.REP: ("REQ", "DEALER"),
    zmq.DEALER: ("REP", "DEALER", "ROUTER"),
    zmq.ROUTER: ("REQ", "DEALER", "ROUTER"),
    zmq.PUSH: ("PULL",),
    zmq.PULL: ("PUSH",),
}
_MISMATCH: Final = int(zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
_CRYPTOGRAPHIC: Final = int(zmq.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC)


class Peer(NamedTuple):
    """Who is at the other end.

    Attributes:
        name: The instance; for one outside its address, or nothing where not even that is known.
        outside: Whether it is none of the stage's.
        kind: Its socket type, where that is known.
    """

    name: str = ""
    outside: bool = False
    kind: str = ""

    def __str__(self) -> str:
        return f"outside {self.name}" if self.outside and self.name else self.name


def kind(socket_type: int) -> str:
    """Return the name of a socket type."""
    return zmq.SocketType(socket_type).name


def peer(end: End, directory: Directory) -> Peer:
    """Return who is at the other end of a connection."""
    if end.state in (contacts.LISTENING, contacts.CLOSED):
        return Peer()
    owner = directory.owner(end)
    if owner is not None:
        end.peer = owner.socket.actor.name
        return Peer(end.peer, kind=kind(owner.socket.kind))
    if end.peer:
        return Peer(end.peer)
    _, remote, process = end.ends
    if process == os.getpid():
        # On ipc the system tells no more than the process.
        return Peer()
    if end.state == contacts.CONNECTING and not end.reason:
        return Peer()
    name = remote or (f"process {process}" if process else "")
    return Peer(name or ("" if end.binds else end.address.partition("://")[2]), outside=True)


def event(report: Report, directory: Directory) -> Event:
    """Return what the journal says of `report`."""
    socket, end = report.end.monitor.socket, report.end
    other = peer(end, directory)
    log = report.what in _LOG and (report.what != contacts.HANDSHAKE or end.binds) and not end.cut
    text = _text(report, other, directory)
    return Event(
        report.time,
        socket.actor.name,
        "link" if log else "monitor",
        endpoint=socket.endpoint,
        text=text,
        peer=other.name,
        what=contacts.CONNECTED if report.what == contacts.HANDSHAKE and end.binds else report.what,
    )


def _text(report: Report, other: Peer, directory: Directory) -> str:
    end, address = report.end, report.end.address
    named = f": {other}" if str(other) else ""
    match report.what:
        case _ if end.cut:
            return f"the memory guard hung up on {other or 'a peer'}"
        case contacts.LISTENING:
            return f"listening on {address}"
        case contacts.ACCEPTED:
            return f"accepted {str(other) or 'a peer'}"
        case contacts.CONNECTING:
            return f"connecting to {address}"
        case contacts.CONNECTED:
            return f"connected to {address}"
        case contacts.HANDSHAKE:
            return f"a peer connected{named}" if end.binds else f"handshake done with {other or address}"
        case contacts.DISCONNECTED:
            cut = f" ({_may_be_cut(end)})" if other.outside else ""
            return f"a peer disconnected{named}{cut}" if end.binds else f"disconnected from {address}"
        case contacts.RETRIED if not report.times:
            return f"tries again in {report.seconds * 1000:.0f} ms"
        case contacts.RETRIED:
            every = report.seconds / report.times
            return f"retried {report.times:,} times in {report.seconds:.1f} s, every {every * 1000:.0f} ms"
        case contacts.REFUSED:
            times = f" ({report.times:,} times now)" if report.times > 1 else ""
            return f"{why(end, report.reason or Reason(contacts.MISFIT), directory, report.seconds)}{times}"
        case _:
            return _closed(report)


def _may_be_cut(end: End) -> str:
    """Say why a peer from outside may be gone: libzmq does not say whether it was cut off."""
    size = "maxsubsize" if end.monitor.socket.kind in (zmq.PUB, zmq.XPUB) else "maxmsgsize"
    silent = "" if is_loopback(end.address) else ", or missed a heartbeat"
    return f"it left, or sent a frame above {size}{silent}"


def _closed(report: Report) -> str:
    if report.end.binds:
        return f"no longer listening on {report.end.address}"
    if not report.times:
        return "closed its socket"
    return f"closed its socket, and {report.times:,} connection{'s'[: report.times > 1]} with it"


def why(end: End, reason: Reason, directory: Directory, seconds: float = 0.0) -> str:
    """Say why a connection came to nothing."""
    other = peer(end, directory)
    who = str(other) or ("a peer" if end.binds else end.address)
    match reason.kind:
        case contacts.IN_USE:
            # That is tried again; of anything else the role hears.
            yet = " yet" if reason.value == errno.EADDRINUSE else ""
            return f"cannot listen on {end.address}{yet}: {os.strerror(reason.value)}"
        case contacts.HUNG_UP:
            guess = f"it speaks no ZeroMQ, wants other security, or does not fit: {_fits(end)}"
            return f"{who} hung up before the handshake was done: {guess}"
        case contacts.SILENT:
            within = f" within {seconds:.2g} s" if seconds else ""
            return f"{who} did not finish the handshake{within}: it may speak no ZeroMQ"
        case contacts.UNAUTHORISED:
            return f"refused {who}: it is not authorised (ZAP says {reason.value})"
        case contacts.MISFIT:
            suffix = f", not to {other.kind}" if other.kind else ""
            return f"refused {who}: its socket type does not fit: {_fits(end)}{suffix}"
    if reason.value == _MISMATCH:
        return f"refused {who}: its security differs, such as CURVE at one end and none at the other"
    if reason.value == _CRYPTOGRAPHIC:
        return f"refused {who}: its key is not the right one"
    if reason.value == zmq.PROTOCOL_ERROR_ZMTP_INVALID_METADATA:
        return f"refused {who}: what it says of itself makes no sense"
    return f"refused {who}: it does not keep to ZMTP (error {reason.value:#x})"


def _fits(end: End) -> str:
    mine = kind(end.monitor.socket.kind)
    fitting = _FITS.get(zmq.SocketType[mine], ("none of these",))
    return f"{'an' if mine[0] == 'X' else 'a'} {mine} talks to {listed(fitting)}"

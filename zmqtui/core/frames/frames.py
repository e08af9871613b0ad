"""What the frames of a message are: envelope, topic or body, by socket type, direction and place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from zmqtui.core.model import Link, Pattern
from zmqtui.core.text import printable, typed
from zmqtui.core.watch import PortView

IDENTITY: Final = "identity"
DELIMITER: Final = "delimiter"
TOPIC: Final = "topic"
SUBSCRIPTION: Final = "subscription"
UNSUBSCRIPTION: Final = "unsubscription"
BODY: Final = "body"

_LONGEST_IDENTITY = 255
_RELAYING = ("ROUTER", "DEALER", "REQ")
"""Sockets whose application sees envelopes that a ROUTER further away put on."""
_OVERHEARING = (*_RELAYING, "PAIR")
"""Those at which such an envelope may come after other frames, a tap's PAIR among them."""
_PUBLISHING = ("PUB", "SUB", "XPUB", "XSUB")
_ENVELOPES = {
    ("REQ", True): "REQ puts the envelope on",
    ("REQ", False): "REQ took the envelope off",
    ("REP", True): "REP puts the envelope back on",
    ("REP", False): "REP keeps the envelope",
}


class Part(NamedTuple):
    """What one frame is.

    Attributes:
        name: One word, or ``part 2``.
        note: What else is known of it, for whoever meets it first; foreign text in it is printable.
    """

    name: str
    note: str = ""


class Message(NamedTuple):
    """A message, and where it was seen.

    Attributes:
        frames: Its frames.
        socket: The type of the socket it went through, such as ``ROUTER``; empty where that is not known.
        sent: Whether it was sent there, or else received.
        peer: Who is at the other end, as far as is known: ``client-1``, an address, ``the client``.
    """

    frames: Sequence[bytes]
    socket: str
    sent: bool
    peer: str = ""


def automatic(frame: bytes) -> bool:
    """Tell whether a frame looks like an identity that a ROUTER made: five bytes of which the first is 0."""
    return len(frame) == 5 and frame[0] == 0


def anatomy(message: Message) -> list[Part]:
    """Say what each frame of `message` is."""
    frames, socket, sent, _ = message
    if not frames:
        return []
    upstream = (not sent and socket == "XPUB") or (sent and socket == "XSUB")
    if upstream and len(frames) == 1 and frames[0][:1] in (b"\0", b"\1"):
        return [_subscription(frames[0])]
    if socket in _PUBLISHING:
        note = "filters match its beginning"
        return [Part(TOPIC, note), *_bodies(len(frames) - 1)] if len(frames) > 1 else [Part(BODY, note)]
    named = _envelope(message)
    if socket in _OVERHEARING:
        named |= _inner(frames, len(named))
    note = _ENVELOPES.get((socket, sent), "")
    bodies = iter(_bodies(len(frames) - len(named), note))
    return [named.get(place) or next(bodies) for place in range(len(frames))]


def _bodies(count: int, note: str = "") -> list[Part]:
    return [Part(BODY, note)] if count == 1 else [Part(f"part {number}") for number in range(1, count + 1)]


def _subscription(frame: bytes) -> Part:
    on, topic = frame[0] == 1, frame[1:]
    what = printable(typed(topic[:100]), 60) if topic else "everything"
    return Part(SUBSCRIPTION, f"to {what}") if on else Part(UNSUBSCRIPTION, f"from {what}")


def _envelope(message: Message) -> dict[int, Part]:
    """Name the frames before the body, by place."""
    frames, socket, sent, peer = message
    parts: list[Part] = []
    if socket in ("ROUTER", "STREAM"):
        who = printable(peer, 60) or ("the receiver" if sent else "the sender")
        how = "automatic, given by ROUTER" if automatic(frames[0]) else "its own choice"
        parts.append(Part(IDENTITY, f"of {who} ({how})"))
    if socket in ("ROUTER", "DEALER") and _delimiter(frames, len(parts)):
        parts.append(Part(DELIMITER))
    if socket in _RELAYING:
        # What a ROUTER further away put on top: an address, then an empty frame.
        while _addressed(frames, len(parts)):
            parts += [_relayed(frames[len(parts)]), Part(DELIMITER)]
    return dict(enumerate(parts))


def _inner(frames: Sequence[bytes], start: int) -> dict[int, Part]:
    """Name the automatic identities among a protocol's own frames: MDPW01, REPLY, client, empty, body."""
    parts: dict[int, Part] = {}
    for place in range(start, len(frames) - 1):
        if automatic(frames[place]):
            parts[place] = _relayed(frames[place])
            if _delimiter(frames, place + 1):
                parts[place + 1] = Part(DELIMITER)
    return parts


def _delimiter(frames: Sequence[bytes], place: int) -> bool:
    """Tell whether there is an empty frame with something after it."""
    return place < len(frames) - 1 and not frames[place]


def _addressed(frames: Sequence[bytes], place: int) -> bool:
    return _delimiter(frames, place + 1) and 0 < len(frames[place]) <= _LONGEST_IDENTITY


def _relayed(frame: bytes) -> Part:
    note = "of a peer behind a ROUTER"
    return Part(IDENTITY, f"{note} (automatic)" if automatic(frame) else note)


def role_of(pattern: Pattern, instance: str) -> str:
    """Return the name of the role that an instance plays, also of one that is gone; nothing for a stranger."""
    for role in pattern.roles:
        if instance == role.name or (role.most > 1 and instance == f"{role.name}-{instance.rpartition('-')[2]}"):
            return role.name
    return ""


class Seat(NamedTuple):
    """Where a message was seen: the socket's type there, and the roles that may be at the other end."""

    socket: str
    others: tuple[str, ...]


def seat(pattern: Pattern, role: str, endpoint: str, ports: Sequence[PortView] = ()) -> Seat:
    """Find where a role sits at an endpoint.

    Args:
        pattern: The pattern.
        role: The role; it may be none of the pattern's.
        endpoint: The endpoint; it may be none of the pattern's.
        ports: The instance's counts: they know what it really opened.
    """
    opened = [port.socket for port in ports if port.endpoint == endpoint]
    declared = next((each for each in pattern.endpoints if each.name == endpoint), None)
    if declared is None:
        return Seat(opened[0] if opened else "", ())
    links = [declared.bind, *declared.connect]
    mine = [link.socket for link in links if link.role == role]
    if role == declared.bind.role:
        others: tuple[Link, ...] = declared.connect
    else:
        others = (declared.bind,)
    found = next((kind for kind in mine if kind in opened), "") or (opened or mine or [""])[0]
    return Seat(found, tuple(dict.fromkeys(link.role for link in others)))

"""What is under way at one endpoint: sent, and not known to be received by all who may."""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple

from zmqtui.core.journal import Event
from zmqtui.core.pairs.ends import Key, body, key


class Request(NamedTuple):
    """What a REP received last: its event's number, who sent it, where that is known, and what both ends see of it."""

    number: int
    sender: str
    body: tuple[bytes, ...]


class Send:
    """A message that was sent and may be received yet.

    Attributes:
        number: Its event's number.
        time: When.
        instance: By whom.
        kind: By what type of socket.
        body: What both ends see of it.
        to: For whom, where that is known.
        request: For a reply: what was received before it, and who sent that.
    """

    __slots__ = ("body", "instance", "kind", "number", "request", "time", "to")

    def __init__(self, number: int, event: Event, kind: str) -> None:
        self.number, self.time, self.instance, self.kind = number, event.time, event.instance, kind
        self.body = body(event.frames, kind)
        self.to = ""
        self.request: Request | None = None


class Pair:
    """Two events that are one message."""

    __slots__ = ("known", "received", "send", "time")

    def __init__(self, send: Send, received: int, time: float, *, known: bool) -> None:
        self.send, self.received, self.time, self.known = send, received, time, known


class Place:
    """What is on its way at one endpoint.

    Attributes:
        sends: By sender and content, in order.
        ghosts: By content, of senders that are gone: when they went, and what.
        doubt: Until when not everything was seen.
        often: How often each content was sent.
        pairs: In the order in which they were received.
        lone: Those of them that are certain only as long as nothing else has the same content.
        last: When each direction of each instance was seen last.
        heard: How far each subscriber has heard each publisher: an event's number.
        unsure: What was received and could be several of the same content.
        enough: How many those must be at least to be all that there are.
        early: What was received and not seen sent yet, with its content.
    """

    def __init__(self, doubt: float) -> None:
        self.sends: dict[str, dict[Key, list[Send]]] = {}
        self.ghosts: dict[Key, list[tuple[float, Send]]] = {}
        self.doubt = doubt
        self.often: Counter[Key] = Counter()
        self.pairs: list[Pair] = []
        self.lone: dict[Key, list[Pair]] = {}
        self.last: dict[tuple[str, str], float] = {}
        self.heard: dict[tuple[str, str], int] = {}
        self.unsure: dict[tuple[str, str, Key], list[tuple[int, float]]] = {}
        self.enough: dict[tuple[str, str, Key], int] = {}
        self.early: deque[tuple[int, Event, Key]] = deque(maxlen=64)

    def take(self, send: Send) -> None:
        """Take a message off that is received."""
        content = key(send.body)
        sends = self.sends.get(send.instance, {}).get(content, [])
        if sends and sends[0] is send:
            sends.pop(0)
        elif send in sends:
            sends.remove(send)
        elif content in self.ghosts:
            self.ghosts[content] = [each for each in self.ghosts[content] if each[1] is not send]

    def lay(self, content: Key) -> None:
        """Take in that something came from nobody knows whom: most likely from a sender that is gone."""
        if self.ghosts.get(content):
            self.ghosts[content].pop(0)

    def gone(self, who: str, when: float) -> None:
        """Take in that a sender is gone."""
        for content, sends in self.sends.pop(who, {}).items():
            self.ghosts.setdefault(content, []).extend((when, send) for send in sends)

"""Which received message is which sent one: told from the journal's events and the declaration, and never guessed.

Two events are a pair only where nothing else can be: the peer is known (tcp) or nobody else can have sent that, and
no other message of the same content can be meant. Whoever reads the journal from somewhere in the middle, or a
sampled one, finds fewer pairs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from zmqtui.core.journal import RECEIVED, SENT, Event
from zmqtui.core.pairs.ends import Ends, Key, body, key
from zmqtui.core.pairs.under_way import Pair, Place, Request, Send
from zmqtui.core.state import State

if TYPE_CHECKING:
    from zmqtui.core.model import Pattern

_HASTE: Final = 0.1
"""Seconds by which two ends of a message may be in the wrong order in the journal."""
SETTLED: Final = 1.0
"""Seconds of waiting in recv() after which nothing is on its way any more."""
_ENDED = {state.value for state in State if not state.alive}
_WAITING = (State.RECEIVING.value, State.POLLING.value)
_PUBLISHERS = ("PUB", "XPUB")


class Pairing:
    """Finds pairs while it is fed the journal's events in order.

    Args:
        pattern: What is played.
        transport: On what.
        since: When what it is fed begins, unless that is the beginning of everything.

    Attributes:
        source: The number of the event at which a received message was sent, by number of event.
        targets: The numbers of the events at which a sent message was received, by number of event.
        doubtful: The numbers of the events at which something was sent that may have been received.
        changed: The numbers of events of which more, or less, is known since the reader cleared this.
        open: The endpoints at which somebody else may be too.
    """

    def __init__(self, pattern: Pattern, transport: str, since: float = -inf) -> None:
        self.source: dict[int, int] = {}
        self.targets: dict[int, list[int]] = {}
        self.doubtful: set[int] = set()
        self.changed: set[int] = set()
        self.open: set[str] = set()
        self._ends = Ends(pattern)
        self._tcp = transport == "tcp"
        self._since = since
        self._places: dict[str, Place] = {}
        self._known: set[str] = set()
        self._lonely: dict[tuple[str, str], bool] = {}
        self._gone: dict[str, float] = {}
        self._born: dict[str, float] = {}
        self._waiting: dict[str, float] = {}
        self._clean: dict[str, float] = {}
        self._asked: dict[tuple[str, str], Send] = {}
        self._served: dict[tuple[str, str], Request] = {}
        self._identities: dict[tuple[str, bytes], str] = {}

    def meet(self, instances: Collection[str]) -> None:
        """Learn who there is."""
        if not self._known.issuperset(instances):
            self._known.update(instances)
            self._lonely.clear()

    def feed(self, number: int, event: Event) -> None:
        """Take in event `number`."""
        kind, who = event.kind, event.instance
        if kind not in ("send", "recv", "state", "skipped"):
            return
        if who in self._waiting and kind != "skipped":
            since = self._waiting.pop(who)
            if event.time - since >= SETTLED:
                self._clean[who] = since
        if kind == "state":
            self._state(event)
            return
        place = self._places.get(event.endpoint)
        if place is None:
            place = self._places[event.endpoint] = Place(self._since)
        if kind == "skipped":
            if event.text in (SENT, RECEIVED):
                self._gap(place, event)
            return
        self.meet((who,))
        socket = self._ends.kind(event.endpoint, who)
        place.last[who, kind] = event.time
        if socket and kind == "send":
            self._sent(place, number, event, socket)
        elif socket:
            self._received(place, number, event, socket)

    def _state(self, event: Event) -> None:
        who, state = event.instance, event.text.partition(":")[0]
        if state in _ENDED:
            self._gone[who] = event.time
            for name, place in self._places.items():
                self._served.pop((name, who), None)
                self._asked.pop((name, who), None)
                place.gone(who, event.time)
            return
        if who in self._gone:
            del self._gone[who]
            self._born[who] = event.time
        if state in _WAITING:
            self._waiting[who] = event.time
            for name, place in self._places.items():
                if place.ghosts and self._ends.kind(name, who) and self._alone(name, who):
                    # Its queue is empty, and it is nobody else's.
                    place.ghosts.clear()

    def _alone(self, endpoint: str, who: str) -> bool:
        """Tell whether nobody but `who` is at its end of an endpoint."""
        if (endpoint, who) not in self._lonely:
            facing = self._ends.facing
            there = [name for name in self._known if facing(endpoint, name) == facing(endpoint, who)]
            self._lonely[endpoint, who] = there == [who]
        return self._lonely[endpoint, who]

    def _sent(self, place: Place, number: int, event: Event, kind: str) -> None:
        who, at = event.instance, (event.endpoint, event.instance)
        send = Send(number, event, kind)
        content = key(send.body)
        if kind == "REQ":
            # It asks again only when it has its reply.
            if before := self._asked.get(at):
                place.take(before)
            self._asked[at] = send
        elif kind == "REP" and (request := self._served.pop(at, None)):
            send.request, send.to = request, request.sender
        elif kind == "ROUTER":
            send.to = self._identities.get((who, event.frames[0]), "")
        place.sends.setdefault(who, {}).setdefault(content, []).append(send)
        place.often[content] += 1
        for pair in place.lone.pop(content, ()):
            # It is not the only one of its kind after all.
            place.pairs.remove(pair)
            self._part(pair)
        for each in tuple(place.early):
            # Whoever receives may have written that down before the sender did.
            early, received, content_then = each
            if content_then == content and send.time < received.time < send.time + _HASTE:
                place.early.remove(each)
                self._received(
                    place, early, received, self._ends.kind(received.endpoint, received.instance), again=True
                )

    def _received(self, place: Place, number: int, event: Event, kind: str, *, again: bool = False) -> None:
        who, at = event.instance, (event.endpoint, event.instance)
        frames = body(event.frames, kind)
        content = key(frames)
        peer = event.peer if self._ends.role(event.peer) in self._ends.facing(event.endpoint, who) else ""
        send = self._find(place, number, event, frames, content, peer)
        if send:
            self._pair(place, send, number, event, content)
        elif not again:
            place.early.append((number, event, content))
        sender = send.instance if send else event.peer
        if kind == "REP":
            self._served[at] = Request(number, sender, frames)
        elif kind == "ROUTER" and sender:
            self._identities[who, event.frames[0]] = sender
        elif kind == "REQ" and (ask := self._asked.pop(at, None)):
            request = send.request if send else None
            if request and request.number not in self.source and request.body == ask.body:
                # A reply goes to whom the request came from.
                place.pairs.append(Pair(ask, request.number, event.time, known=False))
                self._join(ask, request.number)
            place.take(ask)

    def _find(
        self, place: Place, number: int, event: Event, frames: tuple[bytes, ...], content: Key, peer: str
    ) -> Send | None:
        """Return the one message sent that this can be, if there is exactly one."""
        who = event.instance
        if event.peer and not peer:
            return None
        if not peer and (self._tcp or event.endpoint in self.open):
            place.lay(content)
            return None
        facing = self._ends.facing(event.endpoint, who)
        senders = [peer] if peer else [name for name in place.sends if self._ends.role(name) in facing]
        found: list[list[Send]] = []
        for sender in senders:
            choice = self._choice(place, sender, event, frames, content)
            if first := list(islice(choice, 2)):
                found.append(first)
        ghosts = [each for each in place.ghosts.get(content, ()) if each[1].body == frames]
        if peer:
            # A connection that is newer than a sender's end may have taken its place, and its name.
            if any(when < self._born.get(peer, -inf) for when, _ in ghosts):
                return None
            if not found:
                found += [[send] for _, send in ghosts if send.instance == peer][:1]
        else:
            found += [[send] for _, send in ghosts]
        if len(found) == 1:
            send, *others = found[0]
            if (not others or self._in_order(place, number, event, send, content)) and self._sure(
                place, send, event, content
            ):
                return send
        self._doubt(send for choice in found for send in choice)
        return None

    def _doubt(self, sends: Iterable[Send]) -> None:
        """Take in that one of these was received, and nobody knows which."""
        new = {send.number for send in sends} - self.doubtful
        self.doubtful |= new
        self.changed |= new

    def _choice(
        self, place: Place, sender: str, event: Event, frames: tuple[bytes, ...], content: Key
    ) -> Iterator[Send]:
        """Yield what `sender` sent that this can be, the oldest first."""
        sends = place.sends.get(sender, {}).get(content, [])
        heard = place.heard.get((event.instance, sender), -1)
        asked = self._asked.get((event.endpoint, event.instance))
        start = 0
        if asked:
            # A reply is sent after the request.
            start = bisect_right(sends, asked.time, key=attrgetter("time"))
        elif heard >= 0:
            start = bisect_right(sends, heard, key=attrgetter("number"))
        for send in islice(sends, start, None):
            if send.time > event.time:
                return
            if send.to in ("", event.instance) and send.body == frames:
                yield send

    def _in_order(self, place: Place, number: int, event: Event, send: Send, content: Key) -> bool:
        """Tell whether the oldest of several alike must be the one: everything arrives, here, and in order."""
        who, sender = event.instance, send.instance
        if send.kind not in _PUBLISHERS:
            alone = send.to == who or self._alone(event.endpoint, who)
            if alone and self._born.get(who, -inf) < send.time:
                return True
            self._confuse(place, (sender, "", content), number, event.time)
            if len(place.unsure[sender, "", content]) >= len(place.sends[sender][content]):
                # They are all received, by whomever.
                del place.sends[sender][content], place.unsure[sender, "", content]
            return False
        self._confuse(place, (sender, who, content), number, event.time)
        unsure = place.unsure[sender, who, content]
        if len(unsure) < place.enough.get((sender, who, content), 0):
            # There were more than that the last time, and they become no fewer: counting takes time.
            return False
        alike = list(self._choice(place, sender, event, send.body, content))
        place.enough[sender, who, content] = len(alike)
        if len(unsure) == len(alike):
            # As many as there are, so that it is all of them.
            del place.unsure[sender, who, content], place.enough[sender, who, content]
            place.heard[who, sender] = alike[-1].number
        return False

    def _confuse(self, place: Place, what: tuple[str, str, Key], number: int, time: float) -> None:
        place.unsure.setdefault(what, []).append((number, time))

    def _sure(self, place: Place, send: Send, event: Event, content: Key) -> bool:
        """Tell whether nothing that was not seen can be meant instead."""
        alone = place.often[content] == 1 and send.time >= place.doubt
        return place.doubt == -inf or alone or self._proven(place, send, event)

    def _proven(self, place: Place, send: Send, event: Event) -> bool:
        """Tell whether nothing that was not seen was under way any more."""
        if event.peer and (send.kind == "REQ" or (send.kind == "REP" and send.to == event.instance)):
            # One request at a time, and one reply to each.
            return True
        clean = self._clean.get(event.instance, -inf)
        return clean >= place.doubt and send.time >= clean

    def _pair(self, place: Place, send: Send, number: int, event: Event, content: Key) -> None:
        pair = Pair(send, number, event.time, known=bool(event.peer))
        place.pairs.append(pair)
        if place.doubt > -inf and not self._proven(place, send, event):
            place.lone.setdefault(content, []).append(pair)
        self._join(send, number)
        if send.kind in _PUBLISHERS:
            place.heard[event.instance, send.instance] = send.number
        else:
            place.take(send)

    def _join(self, send: Send, number: int) -> None:
        self.source[number] = send.number
        self.targets.setdefault(send.number, []).append(number)
        self.changed |= {send.number, number}

    def _part(self, pair: Pair) -> None:
        del self.source[pair.received]
        self.targets[pair.send.number].remove(pair.received)
        self.changed |= {pair.send.number, pair.received}

    def _gap(self, place: Place, event: Event) -> None:
        """Take in that not all was seen since the last event of that kind: what was paired since then may be wrong."""
        who, since = event.instance, place.last.get((event.instance, event.text), -inf)
        kept: list[Pair] = []
        while place.pairs and place.pairs[-1].time > since:
            pair = place.pairs.pop()
            if pair.known and pair.send.kind == "REQ" and pair.send.instance != who:
                kept.append(pair)
                continue
            self._part(pair)
        place.pairs += reversed(kept)
        place.sends = {
            name: {content: sends for content, sends in each.items() if sends and sends[0].kind == "REQ"}
            for name, each in place.sends.items()
            if name != who
        }
        place.ghosts.clear()
        place.lone.clear()
        place.unsure.clear()
        place.enough.clear()
        place.doubt = event.time
        place.last[who, event.text] = event.time

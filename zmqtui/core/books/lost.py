"""Lost messages, one by one for the journal: a subscriber's, as many as it can bear, and requests without a reply."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from zmqtui.core.journal import LOST, Event
from zmqtui.core.sampler import Sampler
from zmqtui.core.sockets.tape import message

if TYPE_CHECKING:
    from zmqtui.core.sockets.traced import Socket

REASONS: Final = {
    "before": "published before it had joined",
    "away": "published while it was away",
    "dropped": "dropped at the high-water mark",
    "unwanted": "discarded in its queue: its filter had changed",
    "orphaned": "lost with its publisher",
    "abandoned": "in its queue when it left",
}
"""Why a message is lost, in words, by the part of `Losses` that counts it."""
ORPHANED: Final = "no reply can come: who had it is gone"
"""Why a request is lost, in words."""
BURST: Final = 200
"""Losses in a row that a subscriber may bring to the journal before they are sampled."""
STEADY: Final = 20
"""Losses per second up to which all of them are shown for ever."""


class Joined(bytes):
    """The frames of one message as one, for comparing.

    Attributes:
        frames: The frames.
    """

    frames: tuple[bytes, ...]

    # A filter looks at the first frame only, and a topic may well hold what stands between the frames here.

    def startswith(self, prefix: Any, start: Any = None, end: Any = None, /) -> bool:
        """Tell whether the first frame begins like that."""
        return self.frames[0].startswith(prefix, start, end)

    def __getitem__(self, place: Any) -> Any:
        """Return a part of the first frame."""
        return self.frames[0][place]


def joined(frames: tuple[bytes, ...]) -> bytes:
    """Return what identifies a message: its frames, the first one in front."""
    if len(frames) == 1:
        return frames[0]
    key = Joined(b"\0".join(frames))
    key.frames = frames
    return key


class _Loss(NamedTuple):
    message: bytes
    how: str
    publisher: str


class Lost:
    """What one subscriber lost and the journal was not told of yet."""

    def __init__(self) -> None:
        self._sampler = Sampler(BURST, STEADY)
        self._newest: deque[_Loss] = deque(maxlen=BURST)
        self._count = 0
        self._asked = 0.0

    def note(self, how: str, messages: Sequence[bytes], publisher: str, more: int = 0) -> None:
        """Take note of losses.

        Args:
            how: The part of `Losses` that counts them.
            messages: Which.
            publisher: Whose.
            more: How many more there are that nobody remembers.
        """
        self._count += len(messages) + more
        shown = 1 if self._sampler.sparse else BURST
        self._newest.extend(_Loss(message, how, publisher) for message in messages[-shown:])

    def events(self, instance: str, endpoint: str, when: float, *, last: bool) -> list[Event]:
        """Return what the journal is to be told.

        Args:
            instance: The subscriber.
            endpoint: Where.
            when: The time.
            last: Whether nothing more will come.
        """
        if not (self._count or self._sampler.skipped or self._sampler.sparse):
            return []
        since, self._asked = self._asked, when
        wanted = self._sampler.keep(self._count, since, when)
        kept = list(self._newest)[-wanted:] if wanted else []
        # Those that nobody remembers cannot be shown.
        self._sampler.skipped += wanted - len(kept)
        self._newest.clear()
        self._count = 0
        events: list[Event] = []
        if kept or last or self._sampler.silent(when):
            events += self._sampler.skips(when, instance, LOST, endpoint)
        for loss in kept:
            frames = loss.message.frames if isinstance(loss.message, Joined) else (loss.message,)
            events.append(Event(when, instance, LOST, frames, endpoint, REASONS[loss.how], loss.publisher))
        return events


class Orphans:
    """The requests whose reply cannot come any more, each told once."""

    def __init__(self) -> None:
        self._asked: dict[Socket, tuple[bytes, ...]] = {}
        self._told: set[Socket] = set()

    def sent(self, socket: Socket, items: list[Any]) -> None:
        """Take in what a REQ sent."""
        if items:
            self._asked[socket] = message(items[-1], 0.0).frames

    def events(self, orphaned: Iterable[Socket], when: float) -> list[Event]:
        """Return what the journal is to be told.

        Args:
            orphaned: All that await a reply which cannot come.
            when: The time.
        """
        known = [socket for socket in orphaned if socket in self._asked]
        new = [socket for socket in known if socket not in self._told]
        self._told = set(known)
        self._asked = {each: frames for each, frames in self._asked.items() if not each.closed or each in self._told}
        return [Event(when, socket.actor.name, LOST, self._asked[socket], socket.endpoint, ORPHANED) for socket in new]

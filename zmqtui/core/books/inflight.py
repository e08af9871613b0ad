"""What one publisher sent to one subscriber and what has not arrived yet, in order."""

from __future__ import annotations

from collections import deque
from itertools import islice

LONGEST = 250_000
"""Messages in flight that are remembered one by one; what comes on top is only counted."""
SETTLED = 1.0
"""Seconds after which a message does not arrive any more at a subscriber that waits in recv() all the while."""


class Line:
    """The messages on their way from one publisher to one subscriber.

    Args:
        publisher: The publisher's name.

    Attributes:
        publisher: The same.
        pending: The messages.
        beyond: How many more there are that are not remembered.
        died: When the publisher went, 0 while it is there.
    """

    def __init__(self, publisher: str = "") -> None:
        self.publisher = publisher
        self.pending: deque[bytes] = deque()
        self.beyond = 0
        self.died = 0.0
        self._fed = self._left = self._old = 0
        self._history: deque[tuple[float, int]] = deque(maxlen=4096)

    def __len__(self) -> int:
        return len(self.pending) + self.beyond

    def feed(self, messages: list[bytes], when: float) -> None:
        """Put `messages` on their way."""
        room = 0 if self.beyond else max(0, LONGEST - len(self.pending))
        self.pending.extend(islice(messages, room))
        self.beyond += max(0, len(messages) - room)
        self._fed += len(messages)
        self._history.append((when, self._fed))

    def pass_on(self, messages: list[bytes], came: list[bytes], when: float) -> bool:
        """Put `messages` on their way and take off what came, where just that was to come first; else do nothing.

        Returns:
            Whether that was done.
        """
        count = len(came)
        if self.died or self.beyond or len(self.pending) > 2 * count:
            return False
        queue = [*self.pending, *messages]
        if len(queue) > LONGEST or queue[:count] != came:
            return False
        self.pending = deque(queue[count:])
        self._left += count
        if messages:
            self._fed += len(messages)
            self._history.append((when, self._fed))
        return True

    def first(self, message: bytes) -> bool:
        """Tell whether `message` is the next to arrive."""
        return bool(self.pending) and self.pending[0] == message

    def find(self, message: bytes) -> int:
        """Return how many messages are before `message`, or -1 if it is not on its way."""
        try:
            return self.pending.index(message)
        except ValueError:
            return -1

    def take(self, count: int) -> list[bytes]:
        """Take the first `count` messages off."""
        self._left += count
        return cut(self.pending, count)

    def take_beyond(self, count: int) -> None:
        """Take `count` of those that are not remembered off."""
        self.beyond -= count
        self._left += count

    def keep(self, filters: tuple[bytes, ...]) -> list[bytes]:
        """Take off and return what none of `filters` matches."""
        gone = [message for message in self.pending if not message.startswith(filters)]
        if gone:
            self._left += len(gone)
            self.pending = deque(message for message in self.pending if message.startswith(filters))
        return gone

    def overdue(self, when: float) -> int:
        """Return how many messages are on their way for longer than any journey takes."""
        while self._history and self._history[0][0] <= when - SETTLED:
            self._old = self._history.popleft()[1]
        return max(0, self._old - self._left)


def cut(queue: deque[bytes], count: int) -> list[bytes]:
    """Take the first `count` messages off a queue, quickly be they one or nearly all."""
    if 2 * count <= len(queue):
        return [queue.popleft() for _ in range(count)]
    taken, rest = list(islice(queue, count)), list(islice(queue, count, None))
    queue.clear()
    queue.extend(rest)
    return taken

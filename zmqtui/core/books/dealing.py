"""Who gets which of the messages that were published, by their filters."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import repeat
from operator import call, itemgetter


def deal(messages: list[bytes], filters: dict[str, tuple[bytes, ...]]) -> dict[str, list[bytes]]:
    """Return which of `messages` each subscriber's filters match, in order, by the subscribers' names."""
    shares: dict[str, list[bytes]] = {}
    tables: dict[int, dict[bytes, list[list[bytes]]]] = {}
    for name, prefixes in filters.items():
        # What a shorter one covers is left out: no message is to match twice.
        shortest = [
            one for one in set(prefixes) if not any(one != other and one.startswith(other) for other in prefixes)
        ]
        lengths = {len(prefix) for prefix in shortest}
        if lengths == {0}:
            shares[name] = messages
        elif len(lengths) == 1:
            shares[name] = []
            for prefix in shortest:
                tables.setdefault(len(prefix), {}).setdefault(prefix, []).append(shares[name])
        else:
            shares[name] = [message for message in messages if message.startswith(prefixes)]
    for length, table in tables.items():
        takers = {prefix: _taker(takes) for prefix, takes in table.items()}
        # Every message there is goes through here: no Python in between. What nobody wants is handed to `callable`.
        wanted = map(takers.get, map(itemgetter(slice(length)), messages), repeat(callable))
        deque(map(call, wanted, messages), maxlen=0)
    return shares


def _taker(shares: list[list[bytes]]) -> Callable[[bytes], object]:
    if len(shares) == 1:
        return shares[0].append

    def take(message: bytes) -> None:
        for share in shares:
            share.append(message)

    return take

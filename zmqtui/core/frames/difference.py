"""What became of a frame since the message before: in words, and byte by byte."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cached_property
from operator import itemgetter
from typing import Final

from zmqtui.core.watch import listed

COUNTED: Final = 64 * 2**10
"""Bytes up to which those that differ are counted."""
MATCHED: Final = 2**20
"""Bytes up to which it is found out what was put in or left out."""
_TOKENS: Final = 100
"""Words and signs up to which two texts are matched with one another: that takes a millisecond or so."""
_TOKEN = re.compile(rb"\w+|\W")
_WORD = re.compile(rb"\w").match


class Difference:
    """Compares a frame with the one before.

    Args:
        new: The frame.
        old: The same frame of the message before.
    """

    def __init__(self, new: bytes, old: bytes) -> None:
        self._new, self._old = new, old
        self.same = new == old

    def marks(self, start: int, end: int) -> bytes:
        """Return for each byte from `start` to before `end` whether it is not what it was: 1 or 0.

        If most of the frame is another, none is told: marks everywhere would mark nothing.
        """
        if self.same or self._other:
            return bytes(end - start)
        if len(self._new) == len(self._old):
            return _mask(self._new[start:end], self._old[start:end])
        mask = bytearray(end - start)
        for place in range(bisect_right(self._ranges, start, key=itemgetter(1)), len(self._ranges)):
            first, last = self._ranges[place]
            if first >= end:
                break
            first, last = max(first, start), min(last, end)
            mask[first - start : last - start] = b"\1" * (last - first)
        return bytes(mask)

    @cached_property
    def _other(self) -> bool:
        """Whether it is another frame altogether, by its beginning where it is large."""
        if len(self._new) == len(self._old):
            new, old = self._new[:COUNTED], self._old[:COUNTED]
            return 2 * _mask(new, old).count(1) > len(new)
        if len(self._new) > MATCHED:
            return True
        return 2 * sum(end - start for start, end in self._ranges) > len(self._new)

    @cached_property
    def _ranges(self) -> list[tuple[int, int]]:
        return _ranges(self._new, self._old)

    @property
    def words(self) -> str:
        """What is different, such as ``3 bytes differ`` or ``1 byte longer``; nothing if it is the same."""
        if self.same:
            return ""
        more = len(self._new) - len(self._old)
        if more:
            return f"{_bytes(abs(more))} {'longer' if more > 0 else 'shorter'}"
        if len(self._new) > COUNTED:
            return "as long, but different"
        count = _mask(self._new, self._old).count(1)
        return f"{_bytes(count)} {'differs' if count == 1 else 'differ'}"


def _mask(new: bytes, old: bytes) -> bytes:
    """Compare bytes of one length, each with that in its place: 1 where they differ, else 0."""
    other = int.from_bytes(new, "big") ^ int.from_bytes(old, "big")
    return other.to_bytes(len(new), "big").translate(_ONES)


_ONES: Final = bytes(min(byte, 1) for byte in range(256))


def _bytes(count: int) -> str:
    return f"{count:,} byte" + ("s" if count != 1 else "")


def _ranges(new: bytes, old: bytes) -> list[tuple[int, int]]:
    """Return where `new` holds what `old` does not, given that they are not of one length."""
    head = _common(new, old)
    # What is the same at both ends must not overlap.
    room = min(len(new), len(old)) - head
    tail = _last_common(new, old, room)
    # Words are compared whole.
    while head and (_in_word(new, head) or _in_word(old, head)):
        head -= 1
    while tail and (_in_word(new, len(new) - tail) or _in_word(old, len(old) - tail)):
        tail -= 1
    middle, gone = new[head : len(new) - tail], old[head : len(old) - tail]
    if not middle:
        return []
    if len(middle) > 20 * _TOKENS or len(gone) > 20 * _TOKENS:
        return [(head, head + len(middle))]
    ours, theirs = _TOKEN.findall(middle), _TOKEN.findall(gone)
    if len(ours) > _TOKENS or len(theirs) > _TOKENS:
        return [(head, head + len(middle))]
    places = [head]
    for token in ours:
        places.append(places[-1] + len(token))
    matcher = SequenceMatcher(None, theirs, ours, autojunk=False)
    return [
        (places[start], places[end])
        for what, _, _, start, end in matcher.get_opcodes()
        if start < end and what != "equal"
    ]


def _in_word(data: bytes, place: int) -> bool:
    """Tell whether a word goes on at `place`."""
    return 0 < place <= len(data) and bool(_WORD(data[place - 1 : place])) and bool(_WORD(data[place : place + 1]))


def _common(one: bytes, other: bytes) -> int:
    """Return how many bytes at the beginning are the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _last_common(one: bytes, other: bytes, most: int) -> int:
    """Return how many bytes at the end are the same, `most` at most."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def compared(new: Sequence[bytes], old: Sequence[bytes]) -> str:
    """Say in words how a message differs from the one before."""
    if len(new) != len(old):
        more = len(new) - len(old)
        return f"{abs(more):,} {'frame' if abs(more) == 1 else 'frames'} {'more' if more > 0 else 'fewer'} than in"
    changed = [place for place, (one, other) in enumerate(zip(new, old, strict=True)) if one != other]
    if not changed:
        return "the same as"
    if len(changed) == 1:
        place = changed[0]
        frame = f"frame {place + 1:,}: " if len(new) > 1 else ""
        words = Difference(new[place], old[place]).words
        return f"{frame}{words} {'than' if len(new[place]) != len(old[place]) else 'from'}"
    if len(changed) > 3:
        return f"{len(changed):,} of {len(new):,} frames differ from"
    return f"frames {listed([f'{place + 1:,}' for place in changed])} differ from"

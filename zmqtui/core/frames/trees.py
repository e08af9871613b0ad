"""JSON and MessagePack as rows that fold: whatever the bytes are, they do no harm and take no time."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from zmqtui.core.frames.rows import ESCAPE, PLAIN, QUIET, Row, Span
from zmqtui.core.text import printable, typed

LARGEST_JSON: Final = 128
"""KiB of JSON up to which a frame is taken apart: the worst take 5 ms."""
LARGEST_MSGPACK: Final = 64
"""The same for MessagePack."""
MOST: Final = 8_000
"""Objects, arrays and keys up to which a frame is taken apart: many small ones are what takes time."""
NESTED: Final = 500
"""Levels of JSON up to which a frame is taken apart: how many Python itself can take differs from one to the next."""
DEEPEST: Final = 32
"""Levels that can be unfolded."""
INSTALL: Final = "MessagePack is an extra: pip install 'zmqtui[msgpack]'"


class NoTree(ValueError):
    """The bytes are not what they were taken for; the text says why, on one printable line."""


class TooMuch(NoTree):
    """The bytes may be what they were taken for, but are too many, too deep or too small-grained to be laid out."""


class Pairs(list[tuple[Any, Any]]):
    """A JSON object or a MessagePack map as it came: in order, duplicate keys and all."""


@lru_cache(maxsize=4)
def parse_json(data: bytes) -> Any:
    """Parse JSON: objects as `Pairs`, numbers as bytes, as they were written, which no million digits slow down.

    Raises:
        NoTree: If it is none, too large or too deep.
    """
    _fits(data, "JSON", LARGEST_JSON)
    _few(sum(map(data.count, (b"{", b"[", b":"))), "JSON")
    try:
        value = _JSON.decode(data.decode())
    except UnicodeDecodeError as error:
        raise NoTree(f"no JSON: not UTF-8 at byte {error.start:,}") from None
    except json.JSONDecodeError as error:
        raise NoTree(f"no JSON: {printable(error.msg)}, line {error.lineno:,}, column {error.colno:,}") from None
    except RecursionError:
        raise TooMuch(_DEEP) from None
    if _deep(value):
        raise TooMuch(_DEEP)
    return value


_DEEP: Final = "JSON nested too deep is not laid out"


def _deep(value: Any) -> bool:
    """Tell whether JSON is nested too deep."""
    layer = [value]
    for _ in range(NESTED):
        layer = [each for outer in layer if isinstance(outer, list) for each in _parts(outer)]
        if not layer:
            return False
    return True


def _parts(value: list[Any]) -> list[Any]:
    return [each for _, each in value] if isinstance(value, Pairs) else value


_JSON: Final = json.JSONDecoder(
    object_pairs_hook=Pairs, parse_int=str.encode, parse_float=str.encode, parse_constant=str.encode
)


@lru_cache(maxsize=4)
def parse_msgpack(data: bytes) -> Any:
    """Parse MessagePack, maps as `Pairs`.

    Raises:
        NoTree: If it is none, too large or too deep, or the package for it is not there.
    """
    _fits(data, "MessagePack", LARGEST_MSGPACK)
    msgpack = _msgpack()
    if msgpack is None:
        raise NoTree(INSTALL)
    # Passing over it first builds nothing, and shows that each element that is announced is there.
    reader = msgpack.Unpacker(max_buffer_size=len(data))
    reader.feed(data)
    try:
        reader.skip()
    except (msgpack.OutOfData, msgpack.StackError, msgpack.FormatError, RecursionError, ValueError) as error:
        raise _why(msgpack, error) from None
    # Each map and array begins with one of these; so do other things, but they are not that many.
    _few(len(data) - len(data.translate(None, _CONTAINERS)), "MessagePack")
    if rest := len(data) - reader.tell():
        raise NoTree(f"no MessagePack: {rest:,} of {len(data):,} bytes are left over after the first value")
    try:
        return msgpack.unpackb(data, object_pairs_hook=Pairs, strict_map_key=False, unicode_errors="surrogateescape")
    except (ValueError, RecursionError, OverflowError) as error:
        raise NoTree(f"no MessagePack: {printable(str(error), 80)}") from None


_CONTAINERS: Final = bytes([*range(0x80, 0xA0), *range(0xDC, 0xE0)])


def _msgpack() -> Any:
    """Return the package, if it is installed."""
    try:
        return importlib.import_module("msgpack")
    except ImportError:
        return None


def has_msgpack() -> bool:
    """Tell whether the package is installed; asking costs nothing once it was loaded."""
    return "msgpack" in sys.modules or _msgpack() is not None


def _why(msgpack: Any, error: Exception) -> NoTree:
    if isinstance(error, (msgpack.StackError, RecursionError)):
        return TooMuch("MessagePack nested too deep is not laid out")
    if isinstance(error, msgpack.FormatError):
        return NoTree("no MessagePack: a byte that means nothing")
    return NoTree("no MessagePack: more is announced than there is")


def _fits(data: bytes, name: str, most: int) -> None:
    if not data:
        raise NoTree(f"no {name}: there are no bytes")
    if len(data) > most * 2**10:
        raise TooMuch(f"{name} is laid out up to {most} KiB")


def _few(count: int, name: str) -> None:
    if count > MOST:
        raise TooMuch(f"{name} of more than {MOST:,} parts is not laid out")


NOTHING: Final = object()
"""Stands for a value of a message that there is nothing to compare with."""
_MISSING: Final = object()
"""Stands for a value that the message before does not have."""


class Tree:
    """A parsed value as rows.

    Args:
        value: What `parse_json` or `parse_msgpack` returned.
        before: The same of the message before, or `NOTHING`.
        numbers: Whether bytes are numbers as they were written, as in JSON.
        levels: How many levels are unfolded.
        longest: The most characters of a text.

    Attributes:
        unfolded: The deepest level that was unfolded so far.
    """

    def __init__(self, value: Any, before: Any = NOTHING, *, numbers: bool, levels: int, longest: int) -> None:
        self.unfolded = 0
        self._value, self._before = value, before
        self._numbers = numbers
        self._levels = min(levels, DEEPEST)
        self._longest = longest

    def rows(self) -> Iterator[Row]:
        """Make the rows, one by one."""
        return self._rows([], self._value, self._before, 0, "")

    def _rows(self, head: Row, value: Any, before: Any, depth: int, tail: str) -> Iterator[Row]:
        if not isinstance(value, list):
            yield [*head, self._scalar(value, _differs(value, before)), *_quiet(tail)]
            return
        opening, closing = "{}" if isinstance(value, Pairs) else "[]"
        if not value or depth >= self._levels:
            yield [*head, *_folded(value, opening, closing, _differs(value, before)), *_quiet(tail)]
            return
        self.unfolded = max(self.unfolded, depth + 1)
        another = before is not NOTHING and type(before) is not type(value)
        yield [*head, Span(opening, QUIET, another)]
        margin = Span("  " * (depth + 1))
        last = len(value) - 1
        for place, (label, item, old) in enumerate(self._items(value, before)):
            yield from self._rows([margin, *label], item, old, depth + 1, "," if place < last else "")
        yield [*([Span("  " * depth)] if depth else []), Span(closing + tail, QUIET)]

    def _items(self, value: list[Any], before: Any) -> Iterator[tuple[Row, Any, Any]]:
        """Return each item with what stands before it and what it was before."""
        if not isinstance(value, Pairs):
            same = before if isinstance(before, list) and not isinstance(before, Pairs) else []
            for place, item in enumerate(value):
                yield [], item, _before(before, same[place] if place < len(same) else _MISSING)
            return
        try:
            known = dict(before) if isinstance(before, Pairs) else {}
            keyed = [(known.get(key, _MISSING), key, item) for key, item in value]
        except TypeError:
            # A MessagePack key may be a list.
            keyed = [(NOTHING, key, item) for key, item in value]
        for old, key, item in keyed:
            label = Span(_quoted(key, self._longest), "key") if isinstance(key, str) else self._scalar(key)
            yield [label, Span(": ", QUIET)], item, _before(before, old)

    def _scalar(self, value: Any, changed: bool = False) -> Span:
        match value:
            case None | True | False:
                return Span({None: "null", True: "true", False: "false"}[value], "word", changed)
            case str():
                return Span(_quoted(value, self._longest), "string", changed)
            case bytes() if self._numbers:
                return Span(printable(value, self._longest), "number", changed)
            case bytes():
                return Span(f"{len(value):,} bytes {printable(typed(value[:100]), 60)}".rstrip(), ESCAPE, changed)
            case int() | float():
                return Span(repr(value), "number", changed)
            case list():
                return Span(_joined(value), PLAIN, changed)
        if type(value).__name__ == "ExtType":
            shown = printable(typed(value.data[:100]), 60)
            return Span(f"ext {value.code}, {len(value.data):,} bytes {shown}", ESCAPE, changed)
        return Span(printable(str(value), 80), ESCAPE, changed)


def _before(parent: Any, value: Any) -> Any:
    return NOTHING if parent is NOTHING else value


def _differs(value: Any, before: Any) -> bool:
    if before is NOTHING:
        return False
    try:
        return type(value) is not type(before) or bool(value != before)
    except RecursionError:
        return True


def _joined(value: list[Any]) -> str:
    """Return a container in one piece, as a key."""
    opening, closing = "{}" if isinstance(value, Pairs) else "[]"
    return "".join(span.text for span in _folded(value, opening, closing, changed=False))


def _folded(value: list[Any], opening: str, closing: str, changed: bool) -> Row:
    if not value:
        return [Span(opening + closing, QUIET, changed)]
    noun = "key" if isinstance(value, Pairs) else "item"
    count = f" {len(value):,} {noun}" + ("s" if len(value) != 1 else "")
    return [Span(f"{opening}…{closing}", PLAIN, changed), Span(count, QUIET)]


def _quiet(text: str) -> Row:
    return [Span(text, QUIET)] if text else []


def _quoted(text: str, longest: int) -> str:
    shown = printable(json.dumps(text[:longest], ensure_ascii=False), 20 * longest + 100)
    return shown if len(text) <= longest else f"{shown[:-1]}… ({len(text):,} characters)"

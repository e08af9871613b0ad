"""The ways to read a frame's bytes, and which of them fits."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from enum import Enum
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from zmqtui.core.frames.difference import Difference
from zmqtui.core.frames.rows import Row, Span, escape_rows, escaped, hex_rows, text_rows, unmarked
from zmqtui.core.frames.trees import (
    DEEPEST,
    NOTHING,
    NoTree,
    Pairs,
    TooMuch,
    Tree,
    has_msgpack,
    parse_json,
    parse_msgpack,
)

_SAMPLE: Final = 4096
"""Bytes that are looked at to tell whether they are text."""
_LONGEST: Final = 2000
"""Rows of JSON or MessagePack that are copied at most."""
_WIDEST: Final = 10_000
"""Characters of a text in there."""


class Format(Enum):
    """A way to read bytes."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "JSON"
    MSGPACK = "MessagePack"
    HEX = "hex"
    ESCAPES = "escapes"

    @property
    def after(self) -> Format:
        """The next one."""
        every = list(Format)
        return every[(every.index(self) + 1) % len(every)]


TREES: Final = (Format.JSON, Format.MSGPACK)
"""Those that fold."""
_BINARY: Final = {Format.HEX: hex_rows, Format.ESCAPES: escape_rows, Format.TEXT: text_rows}


class Reading(NamedTuple):
    """Bytes read in some way.

    Attributes:
        format: The way it was; never ``AUTO``.
        rows: The rows, made as they are asked for.
        tree: What can be folded, if it is that.
    """

    format: Format
    rows: Iterator[Row]
    tree: Tree | None = None


def read(data: bytes, wanted: Format, width: int, levels: int, before: bytes | None = None) -> Reading:
    """Read `data` the way that is wanted, or as what it is where it is not that; then the first row says why.

    Args:
        data: The bytes.
        wanted: The way.
        width: The columns there are.
        levels: How many levels of JSON or MessagePack are unfolded.
        before: The bytes to compare with, if any.
    """
    found, why = wanted, ""
    if wanted is Format.AUTO:
        found = guess(data)
    if found in TREES:
        try:
            return _tree(data, found, levels, width, before)
        except NoTree as error:
            why = str(error)
            found = Format.TEXT if is_text(data) else Format.HEX
    marks = unmarked if before is None else Difference(data, before).marks
    rows = _BINARY[found](data, max(width, 1), marks)
    return Reading(found, chain([[Span(why, "wrong")]], rows) if why else rows)


def _tree(data: bytes, wanted: Format, levels: int, longest: int, before: bytes | None = None) -> Reading:
    parse = parse_json if wanted is Format.JSON else parse_msgpack
    value, old = parse(data), NOTHING
    if before is not None:
        try:
            old = parse(before)
        except NoTree:
            # What it was then is no help: all of it is new.
            old = None
    tree = Tree(value, old, numbers=wanted is Format.JSON, levels=levels, longest=max(longest, 20))
    return Reading(wanted, tree.rows(), tree)


def guess(data: bytes) -> Format:
    """Tell which way fits: JSON only for objects and arrays, MessagePack only where there is no doubt."""
    if is_text(data):
        return Format.JSON if _is_json(data) else Format.TEXT
    if data[:1] and 0x80 <= data[0] <= 0xDF and has_msgpack():
        try:
            value: Any = parse_msgpack(data)
        except NoTree:
            return Format.HEX
        if isinstance(value, Pairs):
            plain = bool(value) and all(isinstance(key, str) for key, _ in value)
        else:
            plain = isinstance(value, list) and len(value) > 1
        return Format.MSGPACK if plain else Format.HEX
    return Format.HEX


def _is_json(data: bytes) -> bool:
    """Tell whether text is a JSON object or array; one that is too much to be parsed is believed."""
    ends = data[:_SAMPLE].lstrip()[:1] + data[-_SAMPLE:].rstrip()[-1:]
    if ends not in (b"{}", b"[]"):
        return False
    try:
        parse_json(data)
    except TooMuch:
        return True
    except NoTree:
        return False
    return True


def is_text(data: bytes) -> bool:
    """Tell whether bytes are UTF-8 that can be printed, by their beginning."""
    sample = data[:_SAMPLE]
    try:
        return _is_plain(codecs.getincrementaldecoder("utf-8")().decode(sample, len(sample) == len(data)))
    except UnicodeDecodeError:
        return False


def _is_plain(text: str) -> bool:
    return text.replace("\n", "").replace("\t", "").replace("\r", "").isprintable()


def copy(data: bytes, wanted: Format) -> str:
    """Return bytes as text for the clipboard: as they are where that is text, else as escapes.

    Where it was asked for, as hexadecimal digits, or as JSON or MessagePack laid out and unfolded. Control characters
    never come raw: who knows where they are pasted.
    """
    if wanted is Format.HEX:
        return data.hex(" ")
    if wanted in TREES:
        try:
            rows = _tree(data, wanted, DEEPEST, _WIDEST).rows
        except NoTree:
            pass
        else:
            lines = ["".join(span.text for span in row) for row in islice(rows, _LONGEST)]
            return "\n".join([*lines, "…"] if next(rows, None) else lines)
    if wanted is not Format.ESCAPES:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = "\0"
        if _is_plain(text):
            return text
    return escaped(data)

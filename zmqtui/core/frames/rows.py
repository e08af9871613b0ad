"""Bytes as rows of text, hex or escapes: made one by one as they are asked for, so that 10 MB cost what is seen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

PLAIN: Final = ""
ESCAPE: Final = "escape"
QUIET: Final = "quiet"

Marks = Callable[[int, int], bytes]
"""Returns for the bytes from one offset to another whether each is another than before: 1 if so, 0 if not."""


class Span(NamedTuple):
    """Characters that look alike: printable ones only.

    Attributes:
        text: What they are.
        tone: What they mean: nothing, ``escape``, ``quiet``, ``key``, ``string``, ``number``, ``word`` or ``wrong``.
        changed: Whether they are others than in the message before.
    """

    text: str
    tone: str = PLAIN
    changed: bool = False


Row = list[Span]
"""What stands on one line."""


def unmarked(start: int, end: int) -> bytes:
    """Say that nothing is to be compared."""
    return bytes(end - start)


def text_rows(data: bytes, width: int, marks: Marks = unmarked) -> Iterator[Row]:
    r"""Read bytes as UTF-8, a row ending at each newline and after `width` columns; what is not text is escaped."""
    position = 0
    while position < len(data):
        # A character takes up to four bytes and one column at least.
        piece = data[position : position + 4 * width + 4]
        piece = piece[: piece.find(b"\n") + 1 or None]
        mask = marks(position, position + len(piece))
        text = piece.decode("utf-8", "surrogateescape")
        plain = text[:width]
        if plain.isascii() or (_SIMPLE(plain) and plain.isprintable()):
            # A column for each letter. A newline that just does not fit needs no row of its own.
            size = len(plain.encode())
            new = 1 in mask[:size]
            if not new or (size == len(plain) and plain.isprintable()):
                position += size + (text[width : width + 1] == "\n")
                yield _marked(plain, mask) if new else _pictured(plain)
                continue
        writer, columns, taken = _Writer(), 0, 0
        for character in text:
            shown, tone, wide = _character(character)
            if columns and columns + wide > width and character != "\n":
                break
            columns += wide
            size = _size(character)
            if character != "\n" or columns <= width:
                writer.write(shown, tone, 1 in mask[taken : taken + size])
            taken += size
        position += taken
        yield writer.row


def escape_rows(data: bytes, width: int, marks: Marks = unmarked) -> Iterator[Row]:
    r"""Write bytes as in a Python literal, such as ``\x1b[31m``; a row ends after each newline too."""
    position = 0
    while position < len(data):
        piece = data[position : position + width]
        mask = marks(position, position + len(piece))
        plain = escaped(piece)
        if len(plain) == len(piece):
            position += len(piece)
            yield _marked(plain, mask)
            continue
        writer, columns = _Writer(), 0
        for byte, mark in zip(piece, mask, strict=True):
            shown = _ESCAPES[byte]
            if columns and columns + len(shown) > width:
                break
            columns += len(shown)
            writer.write(shown, ESCAPE if len(shown) > 1 else PLAIN, mark == 1)
            position += 1
            if byte == 10:
                break
        yield writer.row


def hex_rows(data: bytes, width: int, marks: Marks = unmarked) -> Iterator[Row]:
    """Dump bytes: the offset, sixteen bytes in hexadecimal or fewer where there is no room, and ASCII."""
    digits = max(4, len(f"{len(data):x}"))
    # A short frame takes no more room than it needs.
    fitting = [count for count in (4, 8, 16) if digits + 2 + _columns(count) + count + 2 <= width] or [4]
    each = next((count for count in fitting if count >= len(data)), fitting[-1])
    columns = _columns(each)
    for start in range(0, len(data), each):
        piece = data[start : start + each]
        mask = marks(start, start + len(piece))
        codes = f"{piece[:8].hex(' ')}  {piece[8:].hex(' ')}".ljust(columns)
        # A mark reaches over the gap where both sides are marked.
        wide = bytearray(columns)
        for place, mark in enumerate(mask):
            if mark:
                column = 3 * place + (place >= 8)
                wide[column : column + 2] = b"\1\1"
                if place and mask[place - 1]:
                    wide[column - 1 : column] = b"\1"
        letters = piece.translate(_LETTERS).decode("latin-1")
        row = [Span(f"{start:0{digits}x}  ", QUIET), *_marked(codes, wide), Span("│", QUIET)]
        yield [*row, *_marked(letters, mask), Span("│", QUIET)]


def _columns(count: int) -> int:
    """Return how many columns so many bytes take in hexadecimal, the gaps included."""
    return 3 * count + max(count // 8, 1)


def escaped(data: bytes) -> str:
    r"""Write bytes as in a Python literal, in ASCII; ``payload`` reads them back."""
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")


_ESCAPES: Final = [escaped(bytes([byte])) for byte in range(256)]
_LETTERS: Final = bytes(byte if 32 <= byte < 127 else 0xB7 for byte in range(256))
# Letters of which each takes one column: Latin, Greek, Cyrillic, Armenian.
_SIMPLE: Final = re.compile("[ -~\u00a1-\u02ff\u0370-\u0482\u048a-\u058f]+").fullmatch
_CONTROLS: Final = re.compile("\n|[^\0-\x1f\x7f]+|[\0-\x09\x0b-\x1f\x7f]+")
_PICTURES: Final = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
_RUNS: Final = re.compile(b"\0+|\1+")


def _marked(text: str, mask: bytes | bytearray) -> Row:
    """Return text with what is marked, a byte for a character."""
    if 1 not in mask[: len(text)]:
        return [Span(text)]
    runs = _RUNS.finditer(bytes(mask[: len(text)]))
    return [Span(text[run.start() : run.end()], PLAIN, run[0][0] == 1) for run in runs]


def _pictured(text: str) -> Row:
    """Return text with pictures for its control characters."""
    if text.isprintable():
        return [Span(text)]
    spans = []
    for run in _CONTROLS.finditer(text):
        tone = QUIET if run[0] == "\n" else PLAIN if run[0].isprintable() else ESCAPE
        spans.append(Span(run[0].translate(_PICTURES), tone))
    return spans


class _Writer:
    """Joins characters that look alike."""

    def __init__(self) -> None:
        self.row: Row = []
        self._look: tuple[str, bool] | None = None

    def write(self, text: str, tone: str, changed: bool) -> None:
        """Append `text`."""
        if self._look == (tone, changed):
            self.row[-1] = Span(self.row[-1].text + text, tone, changed)
        else:
            self._look = (tone, changed)
            self.row.append(Span(text, tone, changed))


def _character(character: str) -> tuple[str, str, int]:
    """Return what to show for a character, its tone and its width in columns."""
    if character.isprintable():
        # Combining characters take no column; counting them keeps a row from growing without end.
        return character, PLAIN, 2 if unicodedata.east_asian_width(character) in "WF" else 1
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return _PICTURES[code], ESCAPE if code != 10 else QUIET, 1
    if "\udc80" <= character <= "\udcff":
        return f"\\x{code - 0xDC00:02x}", ESCAPE, 4
    shown = character.encode("unicode_escape").decode("ascii")
    return shown, ESCAPE, len(shown)


def _size(character: str) -> int:
    """Return how many bytes a character was read from."""
    code = ord(character)
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF:
        return 1
    return 2 if code < 0x800 else 3 if code < 0x10000 else 4

"""Bytes as rows of text, hex or escapes: made one by one as they are asked for, so that 10 MB cost what is seen."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

PLAIN: Final = ""
ESCAPE: Final = "escape"
QUIET: Final = "quiet"

Changed = Callable[[int, int], bool]
"""Tells whether any byte from one offset to another is not what it was before."""


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


def unchanged(start: int, end: int) -> bool:
    """Say that nothing is to be compared."""
    return False


def text_rows(data: bytes, width: int, changed: Changed = unchanged) -> Iterator[Row]:
    r"""Read bytes as UTF-8, a row ending at each newline and after `width` columns; what is not text is escaped."""
    position = 0
    while position < len(data):
        # A character takes up to four bytes and one column at least.
        piece = data[position : position + 4 * width + 4]
        piece = piece[: piece.find(b"\n") + 1 or None]
        if piece.isascii() and not changed(position, position + width):
            plain = piece[:width].decode()
            if plain.isprintable():
                position += len(plain)
                yield [Span(plain)]
                continue
        writer, columns = _Writer(), 0
        for character in piece.decode("utf-8", "surrogateescape"):
            shown, tone, wide = _character(character)
            if columns and columns + wide > width and character != "\n":
                break
            columns += wide
            size = _size(character)
            if character != "\n" or columns <= width:
                writer.write(shown, tone, changed(position, position + size))
            position += size
        yield writer.row


def escape_rows(data: bytes, width: int, changed: Changed = unchanged) -> Iterator[Row]:
    r"""Write bytes as in a Python literal, such as ``\x1b[31m``; a row ends after each newline too."""
    position = 0
    while position < len(data):
        writer, columns = _Writer(), 0
        for byte in data[position : position + width]:
            shown = _ESCAPES[byte]
            if columns and columns + len(shown) > width:
                break
            columns += len(shown)
            writer.write(shown, ESCAPE if len(shown) > 1 else PLAIN, changed(position, position + 1))
            position += 1
            if byte == 10:
                break
        yield writer.row


def hex_rows(data: bytes, width: int, changed: Changed = unchanged) -> Iterator[Row]:
    """Dump bytes: the offset, sixteen bytes in hexadecimal or fewer where there is no room, and ASCII."""
    digits = max(4, len(f"{len(data):x}"))
    # A short frame takes no more room than it needs.
    fitting = [count for count in (4, 8, 16) if digits + 4 * count + count // 8 + 5 <= width] or [4]
    each = next((count for count in fitting if count >= len(data)), fitting[-1])
    for start in range(0, len(data), each):
        codes, letters = _Writer(), _Writer()
        codes.write(f"{start:0{digits}x}  ", QUIET)
        for place in range(start, start + each):
            gap = "  " if place % 8 == 7 else " "
            if place >= len(data):
                codes.write("  " + gap)
                continue
            byte, new = data[place], changed(place, place + 1)
            codes.write(f"{byte:02x}", PLAIN if byte else QUIET, new)
            codes.write(gap)
            letters.write(chr(byte) if 32 <= byte < 127 else "·", PLAIN if 32 <= byte < 127 else QUIET, new)
        yield [*codes.row, Span("│", QUIET), *letters.row, Span("│", QUIET)]


def escaped(data: bytes) -> str:
    r"""Write bytes as in a Python literal, in ASCII; ``payload`` reads them back."""
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")


_ESCAPES: Final = [escaped(bytes([byte])) for byte in range(256)]


class _Writer:
    """Joins characters that look alike."""

    def __init__(self) -> None:
        self.row: Row = []
        self._look: tuple[str, bool] | None = None

    def write(self, text: str, tone: str = PLAIN, changed: bool = False) -> None:
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
        return chr(0x2421 if code == 0x7F else 0x2400 + code), ESCAPE if code != 10 else QUIET, 1
    if "\udc80" <= character <= "\udcff":
        return f"\\x{code - 0xDC00:02x}", ESCAPE, 4
    escaped = character.encode("unicode_escape").decode("ascii")
    return escaped, ESCAPE, len(escaped)


def _size(character: str) -> int:
    """Return how many bytes a character was read from."""
    code = ord(character)
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF:
        return 1
    return 2 if code < 0x800 else 3 if code < 0x10000 else 4

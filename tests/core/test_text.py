"""What data looks like on a screen, and what a person types to mean bytes."""

from __future__ import annotations

import random
import sys

import pytest

from zmqtui.core.text import payload, printable, typed


def test_every_code_point_comes_out_printable() -> None:
    """Protects the terminal: no code point, alone or in company, reaches it raw."""
    step = 997
    for start in range(0, sys.maxunicode + 1, step):
        text = "".join(map(chr, range(start, min(start + step, sys.maxunicode + 1))))
        shown = printable(text, 20 * step)
        assert shown.isprintable(), f"from {start:#x}"
        assert "\x1b" not in shown
        assert printable(text.encode("utf-8", "surrogatepass"), 20 * step).isprintable(), f"bytes from {start:#x}"


def test_random_bytes_come_out_printable() -> None:
    """Protects against what is neither text nor UTF-8."""
    dice = random.Random(1)
    for length in range(2000):
        data = dice.randbytes(length % 300)
        shown = printable(data)
        assert shown.isprintable()
        assert len(shown) <= 200 + 30


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"Hello", "Hello"),
        (b"\x1b[31m", "␛[31m"),
        (b"\xff", r"\xff"),
        ("a\u202eb", r"a\u202eb"),
        ("\x85", r"\x85"),
        ("\ud800", r"\ud800"),
        ("", ""),
        (b"\x7f\x00\n", "␡␀␊"),
        ("[/red]", "[/red]"),
        ("😀" * 3, "😀" * 3),
    ],
)
def test_known_text(data: bytes | str, shown: str) -> None:
    """Protects what people see for the usual suspects."""
    assert printable(data) == shown


def test_what_is_cut_is_said_with_the_size() -> None:
    """Protects the screen from ten megabytes, and the reader from believing that was all."""
    assert printable(b"x" * 10_000_000, 10) == "xxxxxxxxxx… (10,000,000 bytes)"
    assert printable("x" * 11, 10) == "xxxxxxxxxx… (11 characters)"
    assert printable("😀".encode() * 10, 10) == "😀" * 10


def test_typed_bytes_read_back() -> None:
    """Protects the payload input: whatever a payload is, its text means the same bytes."""
    dice = random.Random(2)
    for length in range(1000):
        data = dice.randbytes(length % 40)
        assert payload(typed(data)) == data
    for code in range(0x3000):
        data = chr(code).encode("utf-8", "surrogatepass")
        assert payload(typed(data)) == data
        assert typed(data).isprintable()


@pytest.mark.parametrize("text", ["\\", "\\q", "\\x1", "\\xgg", "\\x", "a\\"])
def test_half_an_escape_is_refused(text: str) -> None:
    """Protects from sending something else than what was meant."""
    with pytest.raises(ValueError, match="is no byte"):
        payload(text)

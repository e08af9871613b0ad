"""What data looks like on a screen, and what a person types to mean bytes."""

from __future__ import annotations

import random
import sys

import pytest

from zmqtui.core.text import pasted, payload, printable, printable_lines, typed

# What terminals do something with; pieces of all of it are thrown together.
PIECES = (
    b"\x1b", b"[", b"]", b"P", b"_", b"^", b"52;c;", b"0;", b"?1049h", b"6n", b"c", b"31m", b"\x07", b"\x1b\\",
    b"\x9b", b"\x9d", b"\x9c", b"\x90", b"\x05", b"\x0e", b"\x18", b"\x00", b"\x7f", b"\r", b"\n", b"\t", b"\x08",
    b"\xc2\x9b", b"\xc2\x85", b"\xc0\x9b", b"\xe0\x80\x9b", b"\xf0\x80\x80\x9b", b"\xe2\x80\xae", b"\xe2\x81\xa6",
    b"\xe2\x80\xa8", b"\xe2\x80\x8b", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff", b"\xfe",
    b"\xf3\xa0\x80\x81", b"\xc2\xad", b"[/red]", b"a", b" ", "ж€😀".encode(), b"\xf0\x9f", b"\xe2", b"\\x1b",
    b"\\u202e",
)  # fmt: skip


def test_every_code_point_alone_comes_out_printable() -> None:
    """Protects the terminal: none of the 1,114,112 code points reaches it raw, as text, as UTF-8, or cut short."""
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        assert printable(character).isprintable(), f"{code:#x}"
        data = character.encode("utf-8", "surrogatepass")
        assert printable(data).isprintable(), f"bytes of {code:#x}"
        if code > 0x7F:
            assert printable(data[:-1]).isprintable(), f"most bytes of {code:#x}"


def test_every_code_point_in_company_comes_out_printable() -> None:
    """Protects against neighbours that would be read together."""
    step = 997
    for start in range(0, sys.maxunicode + 1, step):
        text = "".join(map(chr, range(start, min(start + step, sys.maxunicode + 1))))
        assert printable(text, 20 * step).isprintable(), f"from {start:#x}"
        assert printable(text.encode("utf-8", "surrogatepass"), 20 * step).isprintable(), f"bytes from {start:#x}"


def test_printable_is_what_terminals_only_show() -> None:
    """Protects from what the tests here rely on: that `str.isprintable` knows all that a terminal would act on."""
    for code in (
        *range(0x20),
        *range(0x7F, 0xA0),
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
    ):
        assert not chr(code).isprintable(), f"{code:#x}"
    for code in (0xAD, 0x061C, 0xFEFF, 0xFFF9, *range(0xD800, 0xE000), *range(0xE0000, 0xE0080)):
        assert not chr(code).isprintable(), f"{code:#x}"


def test_random_bytes_come_out_printable() -> None:
    """Protects against what is neither text nor UTF-8, wherever it is cut: 200,000 random strings."""
    dice = random.Random(1)
    for number in range(200_000):
        data = dice.randbytes(number % 100) if number % 2 else b"".join(dice.choices(PIECES, k=number % 30))
        limit = dice.randrange(1, 60)
        shown = printable(data, limit)
        assert shown.isprintable(), data
        assert len(shown) <= limit + 30
        text = data.decode("utf-8", "surrogateescape")
        assert printable(text, limit).isprintable(), data


def test_what_is_printable_stays_as_it_is() -> None:
    """Protects from escaping twice: text that went through once may go through again."""
    dice = random.Random(3)
    for _ in range(5_000):
        shown = printable(b"".join(dice.choices(PIECES, k=20)), 1000)
        assert printable(shown, 10_000) == shown


def test_lines_come_out_printable() -> None:
    """Protects the terminal from tracebacks and messages of several lines; the last ones are kept."""
    text = "\r\n".join(f"{number}\x1b[31m\u2028\u202e\x85" for number in range(300))
    for lines in (printable_lines(text), printable_lines(text.encode())):
        assert len(lines) == 200
        assert all(line.isprintable() for line in lines)
        assert any(line.startswith("299␛[31m") for line in lines)


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


def test_what_is_pasted_can_be_shown_and_read() -> None:
    """Protects inputs from what a clipboard holds: it is shown as what would have to be typed, and means the same."""
    for code in (*range(0x20), *range(0x7F, 0x3000), 0xD800, 0xDFFF, 0xE0041):
        if chr(code) not in "\r\n":
            assert pasted(chr(code)).isprintable()
            assert payload(pasted(chr(code))) == chr(code).encode("utf-8", "surrogatepass")
    assert pasted("one\r\n\x1b") == "one\r\n\\x1b"

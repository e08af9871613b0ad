"""Foreign text made safe to show: the one door through which data enters a terminal."""

from __future__ import annotations

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}


def printable(data: bytes | str, limit: int = 200) -> str:
    r"""Return `data` as one line of printable characters.

    Bytes are read as UTF-8, what is not UTF-8 becomes ``\x..``; control characters become their Control
    Pictures (``␛``), everything else that `str.isprintable` refuses (C1, bidi, zero-width) an escape.

    Args:
        data: Anything a message, a peer or an exception brought.
        limit: The most characters to keep; what is cut is said with the whole size.

    Returns:
        A string for which `str.isprintable` holds.
    """
    if isinstance(data, str):
        unit, kept = "characters", min(len(data), limit)
        text = data[:limit].encode("utf-8", "backslashreplace").decode("utf-8")
    else:
        # A character takes up to four bytes: cut the bytes first, so that 10 MB cost nothing.
        unit, kept = "bytes", min(len(data), limit * 4)
        text = data[:kept].decode("utf-8", "backslashreplace")
    if not text.isprintable():
        text = "".join(map(_escape, text.translate(_PICTURES)))
    if kept == len(data) and len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(data):,} {unit})"


def printable_lines(data: bytes | str, most: int = 200) -> tuple[str, ...]:
    """Return the last lines of `data`, `most` of them, each printable."""
    text = data if isinstance(data, str) else data.decode("utf-8", "backslashreplace")
    return tuple(printable(line, 1000) for line in text.splitlines()[-most:])


def _escape(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def payload(text: str) -> bytes:
    r"""Read a payload as a person types it: UTF-8 text in which ``\x..``, ``\n``, ``\t``, ``\0`` and ``\\`` are bytes.

    Raises:
        ValueError: If a backslash starts nothing known.
    """
    out = bytearray()
    rest = iter(text)
    plain = {"n": 10, "t": 9, "r": 13, "0": 0, "\\": 92, ",": 44}
    for character in rest:
        if character != "\\":
            out += character.encode("utf-8", "surrogatepass")
            continue
        kind = next(rest, "")
        if kind in plain:
            out.append(plain[kind])
            continue
        digits = next(rest, "") + next(rest, "") if kind == "x" else ""
        if len(digits) != 2 or not set(digits) <= set("0123456789abcdefABCDEF"):
            raise ValueError(
                rf"'\{kind}{digits}' is no byte: write \x and two hexadecimal digits, or \\ for a backslash"
            )
        out.append(int(digits, 16))
    return bytes(out)


def typed(data: bytes) -> str:
    r"""Return the text that `payload` reads back as `data`."""
    text = data.decode("utf-8", "surrogateescape").replace("\\", "\\\\")
    return "".join(_type(character) for character in text)


def pasted(text: str) -> str:
    r"""Return `text` as someone could have typed it: what cannot be shown becomes ``\x..``; line ends stay."""
    return "".join(character if character in "\r\n" else _type(character) for character in text)


def _type(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))

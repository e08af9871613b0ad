"""What frames are called, how their bytes are read, and how they differ; no bytes do harm or take time."""

from __future__ import annotations

import importlib
import json
import os
import random
import time
from collections.abc import Callable
from itertools import islice
from types import ModuleType

import pytest

from zmqtui.core.frames.difference import Difference, compared
from zmqtui.core.frames.formats import Format, copy, guess, read
from zmqtui.core.frames.frames import Message, Seat, anatomy, role_of, seat
from zmqtui.core.frames.trees import INSTALL, NoTree, parse_json, parse_msgpack
from zmqtui.core.model import Endpoint, Link, Pattern, Role
from zmqtui.core.text import payload
from zmqtui.core.watch import PortView, Watcher

msgpack = importlib.import_module("msgpack")

CLIENT, WORKER = b"\0k\x8bEg", b"\0k\x8bEh"
"""Identities as a ROUTER makes them."""
SECONDS = 0.1
"""Far more than reading takes even on a busy machine, far less than what is not lazy takes on 10 MB."""


NAMES = [
    ("REQ", True, [b"Hello"], "body"),
    ("REP", False, [b"Hello"], "body"),
    ("PUSH", True, [b""], "body"),
    ("PULL", False, [b"a", b"b"], "part 1, part 2"),
    ("PUB", True, [b"10001 20 40"], "body"),
    ("SUB", False, [b"A", b"news"], "topic, body"),
    ("XSUB", False, [b"A", b"1", b"2"], "topic, part 1, part 2"),
    ("XPUB", False, [b"\1A"], "subscription"),
    ("XSUB", True, [b"\0A"], "unsubscription"),
    ("XPUB", True, [b"\1A"], "body"),
    ("ROUTER", False, [CLIENT, b"", b"Hello"], "identity, delimiter, body"),
    ("ROUTER", True, [b"client-1", b"", b"World"], "identity, delimiter, body"),
    ("ROUTER", False, [CLIENT, b"Hello"], "identity, body"),
    ("ROUTER", False, [CLIENT, b""], "identity, body"),
    ("DEALER", True, [b"", b"Hello"], "delimiter, body"),
    ("DEALER", True, [b""], "body"),
    ("DEALER", True, [CLIENT, b"", b"Hello"], "identity, delimiter, body"),
    ("DEALER", False, [CLIENT, b"Hello"], "identity, body"),
    ("REQ", False, [CLIENT, b"", b"Hello"], "identity, delimiter, body"),
    ("ROUTER", False, [WORKER, b"", CLIENT, b"", b"World"], "identity, delimiter, identity, delimiter, body"),
    ("ROUTER", False, [WORKER, b"", b"READY"], "identity, delimiter, body"),
    ("ROUTER", False, [WORKER, CLIENT, b"", b"World"], "identity, identity, delimiter, body"),
    ("DEALER", False, [b"", b"MDPW01", CLIENT, b"", b"x"], "delimiter, part 1, identity, delimiter, part 2"),
    ("ROUTER", False, [CLIENT, b"", b"MDPC01", b"echo", b"x"], "identity, delimiter, part 1, part 2, part 3"),
    ("ROUTER", True, [CLIENT, b"key", b"\0" * 8, b"", b"x"], "identity, part 1, part 2, part 3, part 4"),
    ("PAIR", False, [CLIENT, b"", b"Hello"], "identity, delimiter, body"),
    ("", False, [b"a", b"", b"b"], "part 1, part 2, part 3"),
    ("ROUTER", False, [], ""),
]


def test_frames_are_named_for_what_they_are() -> None:
    """Each socket type, direction and place has its word, in every pattern that is to come."""
    for socket, sent, frames, names in NAMES:
        assert ", ".join(part.name for part in anatomy(Message(frames, socket, sent))) == names


def test_notes_say_whose_an_identity_is_and_what_is_subscribed_to() -> None:
    """Whoever meets an envelope first learns who gave the identity; foreign text in a note is printable."""
    [identity, *_] = anatomy(Message([CLIENT, b"", b"x"], "ROUTER", False, "the client"))
    assert identity.note == "of the client (automatic, given by ROUTER)"
    [chosen, *_] = anatomy(Message([b"Bob", b"x"], "ROUTER", True, "\x1b[31m"))
    assert chosen.note == "of ␛[31m (its own choice)"
    assert anatomy(Message([b"\1"], "XPUB", False))[0].note == "to everything"
    assert anatomy(Message([b"\0\x1b\xff"], "XPUB", False))[0].note == r"from \x1b\xff"
    assert anatomy(Message([b"x"], "REP", False))[0].note == "REP keeps the envelope"


def nobody(*_: object) -> None:
    """Play no role."""


BROKER = Pattern(
    name="broker",
    title="Broker",
    short="Broker",
    about="",
    roles=(Role("client", nobody, most=9), Role("broker", nobody), Role("worker", nobody, most=9)),
    endpoints=(
        Endpoint("frontend", 1, Link("broker", "ROUTER"), (Link("client", "REQ"),)),
        Endpoint("backend", 2, Link("broker", "DEALER"), (Link("worker", "REP"), Link("client", "REP"))),
    ),
    knobs=(),
    watcher=Watcher,
)


def test_the_declaration_tells_the_socket_and_who_is_at_the_other_end() -> None:
    """A broker has another socket at each endpoint; what an instance really opened counts more."""
    assert seat(BROKER, "broker", "frontend") == Seat("ROUTER", ("client",))
    assert seat(BROKER, "broker", "backend") == Seat("DEALER", ("worker", "client"))
    assert seat(BROKER, "worker", "backend") == Seat("REP", ("broker",))
    assert seat(BROKER, "worker", "backend", [PortView("backend", "DEALER", *2 * ((),))]).socket == "DEALER"  # type: ignore[arg-type]
    assert seat(BROKER, "stranger", "frontend") == Seat("", ("broker",))
    assert seat(BROKER, "broker", "tcp://127.0.0.1:9") == Seat("", ())
    assert [role_of(BROKER, name) for name in ("client-3", "broker", "broker-1", "x")] == ["client", "broker", "", ""]


def shown(data: bytes, wanted: Format, *, width: int = 100, levels: int = 9, before: bytes | None = None) -> list[str]:
    """Return the first rows as text."""
    rows = islice(read(data, wanted, width, levels, before).rows, 60)
    return ["".join(span.text for span in row) for row in rows]


def marked(data: bytes, wanted: Format, before: bytes) -> list[str]:
    """Return what is marked as changed."""
    return [span.text for row in read(data, wanted, 100, 9, before).rows for span in row if span.changed]


def test_each_format_shows_the_same_bytes() -> None:
    """Text, JSON, MessagePack, hex and escapes are views of one frame."""
    data = '{"é": [1.50, {"b": null}]}\n'.encode()
    assert shown(data, Format.TEXT) == ['{"é": [1.50, {"b": null}]}␊']
    assert shown(data, Format.JSON) == ["{", '  "é": [', "    1.50,", "    {", '      "b": null', "    }", "  ]", "}"]
    assert shown(data, Format.ESCAPES) == [r'{"\xc3\xa9": [1.50, {"b": null}]}\n']
    assert shown(data, Format.HEX)[0] == '0000  7b 22 c3 a9 22 3a 20 5b  31 2e 35 30 2c 20 7b 22  │{"··": [1.50, {"│'
    packed = msgpack.packb({"a": [1, b"\xff", None], "t": msgpack.Timestamp(1, 2), "e": msgpack.ExtType(5, b"x")})
    assert shown(packed, Format.MSGPACK) == [
        "{", '  "a": [', "    1,", r"    1 bytes \xff,", "    null", "  ],",
        '  "t": Timestamp(seconds=1, nanoseconds=2),', '  "e": ext 5, 1 bytes x', "}",
    ]  # fmt: skip


def test_folded_levels_say_what_is_in_them() -> None:
    """A fold keeps the number of keys or items; nothing is hidden without a word."""
    data = b'{"a": {"x": 1, "y": 2}, "b": [1], "c": {}, "a": 3}'
    assert shown(data, Format.JSON, levels=0) == ["{…} 4 keys"]
    assert shown(data, Format.JSON, levels=1) == [
        "{", '  "a": {…} 2 keys,', '  "b": […] 1 item,', '  "c": {},', '  "a": 3', "}",
    ]  # fmt: skip


FITTING = [
    (b"Hello", Format.TEXT),
    (b"Hello\tyou\r\n", Format.TEXT),
    (b"12", Format.TEXT),
    (b'"text"', Format.TEXT),
    (b' {"a": 1}\n', Format.JSON),
    (b"[1, 2]", Format.JSON),
    (b"[1, 2", Format.TEXT),
    (b"\x1b[31m", Format.HEX),
    (b"\xff", Format.HEX),
    (CLIENT, Format.HEX),
    (msgpack.packb({"a": 1}), Format.MSGPACK),
    (msgpack.packb([1, 2, 3]), Format.MSGPACK),
    (msgpack.packb([1, 2, 3]) + b"\0", Format.HEX),
    (msgpack.packb({1: 2}), Format.HEX),
    (b"\x90", Format.HEX),
    (("é" * 5000).encode(), Format.TEXT),
]


def test_auto_takes_what_fits() -> None:
    """Nobody has to ask for JSON; MessagePack is not guessed from a byte or two."""
    for data, wanted in FITTING:
        assert guess(data) is wanted, data


REASONS = [
    (b"[1,", Format.JSON, "no JSON: Expecting value, line 1, column 4", "[1,"),
    (b"\xff", Format.JSON, "no JSON: not UTF-8 at byte 0", "0000  ff"),
    (b"\xc1", Format.MSGPACK, "no MessagePack: a byte that means nothing", "0000  c1"),
    (b"\xdd\xff\xff\xff\xff", Format.MSGPACK, "no MessagePack: more is announced than there is", "0000  dd"),
    (b"Hello", Format.MSGPACK, "no MessagePack: 4 of 5 bytes are left over after the first value", "Hello"),
    (b"\x91" * 5000, Format.MSGPACK, "MessagePack nested too deep is not laid out", "0000  91"),
    (b"[" * 5000 + b"]" * 5000, Format.AUTO, "JSON nested too deep is not laid out", "[[[["),
    (b"[" * 501 + b"]" * 501, Format.AUTO, "JSON nested too deep is not laid out", "[[[["),
    (b'{"a":' * 501 + b"1" + b"}" * 501, Format.AUTO, "JSON nested too deep is not laid out", '{"a":{"a":'),
    (b"[" + b" " * 2**17 + b"]", Format.AUTO, "JSON is laid out up to 128 KiB", "[   "),
    (b"[" + b"{}," * 30_000 + b"{}]", Format.AUTO, "JSON of more than 8,000 parts is not laid out", "[{},"),
]


def test_what_cannot_be_laid_out_says_why_and_is_shown_all_the_same() -> None:
    """Malformed, too deep or too much: one line of reason, then text or hex."""
    for data, wanted, why, then in REASONS:
        first, second, *_ = shown(data, wanted)
        assert first == why
        assert second.startswith(then)


def test_without_the_extra_messagepack_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """MessagePack is optional: who asks for it without the package learns what to install, and sees hex."""
    find = importlib.import_module

    def without(name: str, package: str | None = None) -> ModuleType:
        if name == "msgpack":
            raise ImportError(name)
        return find(name, package)

    packed = msgpack.packb({"other": [7] * 3})
    monkeypatch.delitem(__import__("sys").modules, "msgpack")
    monkeypatch.setattr(importlib, "import_module", without)
    assert guess(packed) is Format.HEX
    assert shown(packed, Format.MSGPACK)[0] == INSTALL
    assert "zmqtui[msgpack]" in INSTALL


MIB = 2**20
HOSTILE: dict[str, Callable[[], bytes]] = {
    "10 MiB of bytes": lambda: os.urandom(10 * MIB),
    "10 MiB without a newline": lambda: b"x" * 10 * MIB,
    "10 MiB of newlines": lambda: b"\n" * 10 * MIB,
    "10 MiB of wide letters": lambda: "漢".encode() * (10 * MIB // 3),
    "combining letters": lambda: ("a" + "\u0301" * MIB).encode(),
    "terminal sequences": lambda: b"\x1b]52;c;aGk=\x07\x9b31m\xc2\x9b1m\x7f" * 1000,
    "bidi and zero-width": lambda: "\u202e\u2066\u200b\ufeff\u2028".encode() * 1000,
    "nested without an end": lambda: b"[" * 100_000,
    "nested": lambda: b"[" * 60_000 + b"]" * 60_000,
    "a million digits": lambda: b"[" + b"9" * 100_000 + b', -1e999999999, NaN, {"a": ' + b"7" * 20_000 + b"}]",
    "duplicate keys": lambda: b"{" + b",".join([b'"a":1'] * 7000) + b"}",
    "lone surrogates": lambda: rb'{"\ud800": ["\udfff", "\u202e\u009b\u0000"]}',
    "small parts": lambda: b"[" + b"{}," * 40_000 + b"{}]",
    "four billion items": lambda: b"\xdd\xff\xff\xff\xff" + b"\x91" * 60_000,
    "arrays in arrays": lambda: b"\xdd\x00\xff\xff\xff" * 12_000,
    "four billion bytes": lambda: b"\x81\xc6\xff\xff\xff\xff",
    "deep keys": lambda: b"\x81" + b"\x91" * 900 + b"\x01\x01",
    "names that are no UTF-8": lambda: b"\x81\xa2\xff\xfe\xa2\xed\xa0",
    "times beyond time": lambda: b"\x92\xc7\x0c\xff" + b"\xff" * 12 + b"\x01",
    "nothing": lambda: b"",
}


def test_hostile_bytes_are_harmless_and_quick() -> None:
    """Whatever a frame holds, in each format a screen of it is printable, no wider than the screen, and at once."""
    for name, make in HOSTILE.items():
        data = make()
        other = data[:-3] + b"xyz"
        for wanted in Format:
            for before in (None, other, data[:-1]):
                begun = time.perf_counter()
                reading = read(data, wanted, 80, 3, before)
                rows = list(islice(reading.rows, 60))
                assert time.perf_counter() - begun < SECONDS, (name, wanted)
                for row in rows:
                    text = "".join(span.text for span in row)
                    assert text.isprintable()
                    assert len(text) < 500
                    assert reading.tree or len(text) <= 100
            text = copy(data[: 2**18], wanted)
            assert len(text.encode()) >= len(text), "it can be written"
            assert text.replace("\n", "").replace("\t", "").replace("\r", "").isprintable()


def test_rows_show_every_byte_once() -> None:
    """Text, hex and escapes wrapped at any width put together again are the bytes."""
    dice = random.Random(5)
    for _ in range(300):
        alphabet = dice.choice([b"ab\\\n", bytes(range(128)), bytes(range(256)), "aé漢😀\n\xad".encode()])
        data = bytes(dice.choice(alphabet) for _ in range(dice.randrange(1, 200)))
        data = dice.choice([data, data.decode("utf-8", "ignore").encode()])
        width = dice.randrange(8, 60)
        escaped = "".join("".join(span.text for span in row) for row in read(data, Format.ESCAPES, width, 0).rows)
        assert payload(escaped) == data
        offsets = [span.text for row in read(data, Format.HEX, width, 0).rows for span in row[:2]]
        assert bytes.fromhex("".join(offsets[1::2])) == data
        if data.isascii():
            text = "".join("".join(span.text for span in row) for row in read(data, Format.TEXT, width, 0).rows)
            pictures = {0x2400 + code: code for code in range(32)} | {0x2421: 127}
            assert text.translate(pictures).replace("\n", "") == data.decode().replace("\n", "")


def test_parsing_keeps_what_was_written() -> None:
    """Numbers keep their digits, objects their order and their duplicate keys."""
    assert parse_json(b'{"b": 1.10, "a": 1e400, "b": -0}') == [("b", b"1.10"), ("a", b"1e400"), ("b", b"-0")]
    assert parse_msgpack(b"\x82\xa1b\x01\xa1b\x02") == [("b", 1), ("b", 2)]
    with pytest.raises(NoTree):
        parse_json(b"")


DIFFERENCES = [
    ([b"a", b"b"], [b"a", b"b"], "the same as"),
    ([b"Hello"], [b"Hullo"], "1 byte differs from"),
    ([b"A", b"Hello"], [b"A", b"HuLLo"], "frame 2: 3 bytes differ from"),
    ([b"A", b"Hello"], [b"A", b"Hell"], "frame 2: 1 byte longer than"),
    ([b""], [b"ab"], "2 bytes shorter than"),
    ([b"a", b"b", b"c"], [b"x", b"b", b"z"], "frames 1 and 3 differ from"),
    ([b"a"] * 1000, [b"b"] * 1000, "1,000 of 1,000 frames differ from"),
    ([b"a"], [b"a", b"b"], "1 frame fewer than in"),
]


def test_a_difference_is_told_in_words() -> None:
    """One line says what became of a message since the one before."""
    for new, old, words in DIFFERENCES:
        assert compared(new, old) == words


def test_what_differs_is_marked() -> None:
    """The bytes that changed stand out in each format, words that moved do not, and all at once would say nothing."""
    assert marked(b"temperature 21", Format.TEXT, b"temperature 20") == ["1"]
    assert marked(b"zip 10001 9 44", Format.TEXT, b"zip 10001 12 44") == ["9"]
    assert marked(b"zip 1 of 20, 4 in all", Format.TEXT, b"zip 10 of 20, 24 in all") == ["1", "4"]
    assert marked(b"caf\xc3\xa9 noir", Format.TEXT, b"caf\xc3\xa8 noir") == ["é"]
    assert marked(b"abc\x01\x02xyz", Format.ESCAPES, b"abc\x01\x03xyz") == [r"\x02"]
    assert marked(b"abcdefghij", Format.HEX, b"abXXefghij") == ["63 64", "cd"]
    assert marked(b"new", Format.TEXT, b"old") == []
    assert marked(b'{"a": 1, "b": [1, 2], "c": {}}', Format.JSON, b'{"b": [1, 3], "a": 1}') == ["2", "{}"]
    packed = msgpack.packb({"a": True, "b": 1})
    assert marked(packed, Format.MSGPACK, msgpack.packb({"a": 1, "b": 1})) == ["true"]


def test_marks_are_where_bytes_differ() -> None:
    """Undoing exactly the marked bytes of any edit leaves bytes of the old frame only, in their order."""
    dice = random.Random(7)
    for _ in range(500):
        old = bytes(dice.choices(b"ab ,", k=dice.randrange(60, 90)))
        new = bytearray(old)
        for _ in range(dice.randrange(3)):
            place = dice.randrange(len(new))
            new[place : place + dice.randrange(3)] = bytes(dice.choices(b"abX", k=dice.randrange(3)))
        mask = Difference(bytes(new), old).marks(0, len(new))
        assert len(mask) == len(new)
        rest = iter(old)
        if 1 in mask or new == old:
            assert all(byte in rest for byte, mark in zip(new, mask, strict=True) if not mark)


def test_copies_are_what_can_be_pasted() -> None:
    """Text is copied as it is, JSON laid out if asked for, and control characters never raw."""
    assert copy("Grüße\n".encode(), Format.AUTO) == "Grüße\n"
    assert copy(b"\x1b[31m\xff'\"", Format.TEXT) == r"""\x1b[31m\xff'" """.strip()
    assert copy(b"Hello", Format.HEX) == "48 65 6c 6c 6f"
    assert copy(b'{"a":[1,2]}', Format.AUTO) == '{"a":[1,2]}'
    assert json.loads(copy(b'{"a":[1,{"b":"x"}]}', Format.JSON)) == {"a": [1, {"b": "x"}]}
    assert "\n" in copy(b'{"a":[1,2]}', Format.JSON)
    assert copy(b"{", Format.JSON) == "{"

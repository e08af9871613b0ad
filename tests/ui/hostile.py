"""A program: the app on a pattern whose roles send, say, raise and filter by everything that could hurt a terminal."""

from __future__ import annotations

from itertools import cycle

import zmq

from zmqtui.core.model import Endpoint, Endpoints, Knob, Knobs, Link, Pattern, Role
from zmqtui.core.role import say, sleep
from zmqtui.core.sockets.traced import Context
from zmqtui.core.stage import Stage
from zmqtui.core.watch import Watcher

SEQUENCES = (
    b"\x1b]52;c;SE9TVElMRQ==\x07",
    b"\x1b[31;7mHOSTILE",
    b"\x1b[2J\x1b[H",
    b"\x1b]0;HOSTILE\x07",
    b"\x9b31m",
    "\u202eHOSTILE\u202c\u200b".encode(),
    "\x9b5mHOSTILE\x85".encode(),
    # Questions, to which a terminal would answer as if someone typed.
    b"\x1b[c\x1b[6n\x1b[21t\x1bP$qm\x1b\\\x1b]11;?\x07\x1bZ\x05",
    b"\x1b_Ga=T;SE9TVElMRQ==\x1b\\\x1b^HOSTILE\x1b\\\x0e\x18\x08\x7f",
    "\u2066HOSTILE\u2028\ufeff\u00ad\U000e0041\u061c".encode(),
)
"""What must never reach the terminal as it is."""
PAYLOADS: tuple[tuple[bytes, ...], ...] = (
    *((sequence,) for sequence in SEQUENCES),
    (b"[/red][@click=app.bell]HOSTILE[/]",),
    (b"", b"\xff\xfe\x00", b"\x1b[31m", b""),
    (b"identity\x1b[5m", b"", b'{"\\u001b[31m": ["\\u202e", ' + b"9" * 5000 + b"]}"),
    (b"[" * 100_000,),
    (b"\xdd\xff\xff\xff\xff",),
    (b"\x1b[31m" * 2_000_000,),
    (b"a" * 10_000_000,),
    ("\N{FAMILY}\N{ZERO WIDTH JOINER}\N{COMBINING ACUTE ACCENT}".encode() * 300,),
)


def speaker(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Send, publish and say every payload again and again."""
    sender, publisher = context.socket(zmq.DEALER), context.socket(zmq.PUB)
    sender.bind(endpoints.line)
    publisher.bind(endpoints.air)
    for frames in cycle(PAYLOADS):
        publisher.send_multipart(frames)
        sender.send_multipart(frames)
        say(frames[0][:1000].decode("utf-8", "surrogateescape"))
        sleep(0.03)


def listener(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Take everything."""
    receiver = context.socket(zmq.ROUTER)
    receiver.connect(endpoints.line)
    while True:
        receiver.recv_multipart()


def hearer(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Hear everything that the filters match."""
    receiver = context.socket(zmq.SUB)
    receiver.connect(endpoints.air)
    for prefix in knobs.filter:
        receiver.subscribe(prefix)
    while True:
        receiver.recv_multipart()


def victim(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Fail with a text that hurts."""
    raise ValueError("\x1b[31mHOSTILE\u202e[/red]" * 100)


PATTERN = Pattern(
    name="hostile",
    title="Hostile",
    short="Hostile",
    about="For tests.",
    roles=(Role("listener", listener), Role("hearer", hearer, 2, 4), Role("victim", victim), Role("speaker", speaker)),
    endpoints=(
        Endpoint("line", 1, Link("speaker", "DEALER"), (Link("listener", "ROUTER"),)),
        Endpoint("air", 2, Link("speaker", "PUB"), (Link("hearer", "SUB"),)),
    ),
    knobs=(
        Knob("filter", "filters", (b"", *SEQUENCES), "hostile prefixes", role="hearer", each=True),
        Knob("text", "payload", SEQUENCES[0], "hostile text", role="speaker"),
    ),
    watcher=Watcher,
)


def main() -> None:
    """Open the app."""
    from zmqtui.ui.app import Playground

    stage = Stage(PATTERN, transport="inproc")
    app = Playground([stage], start=True)
    app.run()
    stage.stop()
    raise SystemExit(app.return_code or 0)


if __name__ == "__main__":
    main()

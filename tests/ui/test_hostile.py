"""Foreign text in every view, through a real terminal: it is shown, and does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.hostile import SEQUENCES
from tests.ui.terminal import Terminal, foreign, terminal
from zmqtui.ui.view import View
from zmqtui.ui.views import VIEWS

PASTED = "PASTE\x9b5m\u202e\x85\u2028\u200b\x07\x05"
LEFT, DOWN, PAGE_UP, END = "\x1b[D", "\x1b[B", "\x1b[5~", "\x1b[F"


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.NAME)
def test_hostile_payloads_are_harmless(view: type[View], tmp_path: Path) -> None:
    """No escape, markup or bidi of a payload reaches the terminal as it is, and the app goes on answering keys.

    In all faces of the view, whoever is selected, and with payloads of 10 MB or not UTF-8.
    """
    with terminal(columns=120, rows=40, module="tests.ui.hostile", folder=str(tmp_path)) as app:
        # All payloads have been round once.
        app.shows("failed", "Hostile")
        app.type(view.KEY)
        app.type("z")
        app.shows("z smaller")
        own = [key.key if len(key.key) == 1 else {"plus": "+", "minus": "-"}.get(key.key, "") for key in view.KEYS]
        # What opens an input would take the keys that follow.
        own = [key for key in own if key not in "/&"]
        for _ in range(4):
            for key in (view.KEY, *own, LEFT * 17, PAGE_UP, "y", "\x13", END, "v", "v", DOWN):
                app.type(key)
                app.read(0.05)
        app.type("?")
        app.shows("escape closes this")
        app.type("\x1b")
        app.until(lambda: "escape closes this" not in app.text)
        app.type("\x11")
        assert app.ends() == 0
        check(app)


@pytest.mark.parametrize(
    ("keys", "hint"),
    [
        ("l/", "words  /regex/"),
        ("l&", "words  /regex/"),
        ("e", "esc Cancel"),
        ("\x1b[B\x1b[Bf", "esc Cancel"),
        ("\x10", "Search for commands"),
    ],
    ids=["search", "filter", "knobs", "its filter", "commands"],
)
def test_what_is_pasted_is_harmless(keys: str, hint: str, tmp_path: Path) -> None:
    """What someone pastes into any input is shown there, and does nothing to the terminal."""
    with terminal(columns=120, rows=40, module="tests.ui.hostile", folder=str(tmp_path)) as app:
        app.shows("failed", "Hostile")
        app.type(keys)
        app.shows(hint)
        # An escape would end what is pasted for Textual; the rest would be keys.
        app.type(f"\x1b[200~{PASTED}\x1b[201~")
        # Its beginning or its end, as the room is.
        app.until(lambda: "PASTE\\xc2\\x9b5m" in app.text or "\\x07\\x05" in app.text)
        for sequence in SEQUENCES:
            app.type(f"\x1b[200~HOSTILE{sequence.decode('utf-8', 'replace')}\x1b[201~")
            app.read(0.1)
        app.type("\x1b")
        app.until(lambda: hint not in app.text)
        app.type("\x11")
        assert app.ends() == 0
        # An input that is full rings.
        check(app, own="\x07")


def test_what_the_mouse_finds_is_harmless(tmp_path: Path) -> None:
    """Whatever the mouse rests on or clicks, no text of a message is taken for more than text."""
    with terminal(columns=120, rows=40, module="tests.ui.hostile", folder=str(tmp_path)) as app:
        app.shows("failed", "Hostile")
        for row in range(18, 40, 2):
            for column in range(5, 120, 23):
                app.type(f"\x1b[<35;{column};{row}M\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")
                app.read(0.05)
        app.type("\x1b\x11")
        assert app.ends() == 0
        check(app)


def check(app: Terminal, own: str = "") -> None:
    """Check that nothing but the app's own words reached the terminal."""
    for sequence in SEQUENCES:
        assert sequence not in app.raw, f"{sequence!r} reached the terminal"
    assert not foreign(app.raw, own)
    assert app.restored

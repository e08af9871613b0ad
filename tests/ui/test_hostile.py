"""Foreign text in every view, through a real terminal: it is shown, and does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.hostile import SEQUENCES
from tests.ui.terminal import terminal
from zmqtui.ui.view import View
from zmqtui.ui.views import VIEWS

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
        assert app.restored
        for sequence in SEQUENCES:
            assert sequence not in app.raw, f"{sequence!r} reached the terminal"

"""The help panel: what the tab is about, what the signs mean, which keys there are."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from zmqtui.core.model import Pattern
from zmqtui.ui.signs import SIGNS

_WIDTH = 64
_INDENT = 12
_LOG = (
    ("→", "sent", "sent"),
    ("←", "received", "received"),
    ("“", "", "said"),
    ("◆", "", "a state that lasts"),
    ("╌", "", "a connection"),
    ("!", "failed", "an error"),
    ("*", "waiting", "what the playground did, not ZeroMQ"),
    ("✗", "lost", "a message that will not arrive, and why"),
    ("⋯", "", "counted, but not listed"),
)


class Help(ModalScreen[None]):
    """Explains a tab beside the tab itself."""

    DEFAULT_CSS = """
    Help {
        align: right top;
        background: $background 40%;
        VerticalScroll { width: 64; max-width: 100%; height: 100%; padding: 1 2; background: $panel; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,space,enter", "dismiss", "Close"),
    ]

    def __init__(
        self,
        pattern: Pattern,
        keys: Mapping[str, Sequence[tuple[str, str]]],
        signs: Mapping[str, Sequence[tuple[str, str]]],
    ) -> None:
        """Make the panel.

        Args:
            pattern: What to explain.
            keys: Each key and what it does, by what it is about.
            signs: Each sign and what it means, by the view that draws it.
        """
        super().__init__()
        self._pattern = pattern
        self._keys = keys
        self._signs = signs

    def compose(self) -> ComposeResult:
        """Lay out one long page."""
        with VerticalScroll():
            yield Static(self._page(), markup=False)

    def on_mount(self) -> None:
        """Let the arrow keys scroll."""
        self.query_one(VerticalScroll).focus()

    def _page(self) -> Content:
        pattern = self._pattern
        lines = [Content.styled(pattern.title, "bold $primary"), Content(pattern.about), Content("")]
        lines += [Content("escape closes this")]
        for title, rows in self._keys.items():
            lines += [Content(""), Content.styled(f"Keys: {title.lower()}", "bold $primary")]
            lines += [self._row(key, "bold", text) for key, text in rows]
        lines += [Content(""), Content.styled("Knobs", "bold $primary")]
        lines += [self._row(knob.label or knob.name, "bold", f"{knob.help}: {knob.range}") for knob in pattern.knobs]
        lines += [Content(""), Content.styled("States", "bold $primary")]
        signs = dict.fromkeys((sign, tone, state.value) for state, (sign, tone, _) in SIGNS.items())
        lines += [self._sign(*each) for each in signs]
        lines += [self._sign("∞", "lost", "waits for a reply that cannot come any more")]
        lines += [Content(""), Content.styled("Log", "bold $primary")]
        lines += [self._sign(*each) for each in _LOG]
        for title, rows in self._signs.items():
            lines += [Content(""), Content.styled(title, "bold $primary")]
            lines += [self._row(sign, "", text) for sign, text in rows]
        return Content("\n").join(lines)

    def _sign(self, sign: str, tone: str, meaning: str) -> Content:
        return self._row(sign, f"$tone-{tone}" if tone else "$foreground 60%", meaning)

    def _row(self, head: str, style: str, text: str) -> Content:
        """Write a head, and a text beside it however many lines it takes."""
        first, *rest = textwrap.wrap(text, max(20, min(_WIDTH, self.app.size.width) - _INDENT - 7)) or [""]
        return Content("\n").join(
            [Content.assemble((f"{head:<{_INDENT}}", style), first), *(Content(" " * _INDENT + line) for line in rest)]
        )

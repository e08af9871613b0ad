"""Questions that must be answered before anything happens."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Label


class Confirm(ModalScreen[bool]):
    """Asks whether to go on."""

    DEFAULT_CSS = """
    Confirm {
        align: center middle;
        & > Vertical {
            width: 60; max-width: 90%; height: auto; padding: 1 2; background: $panel; border: round $primary;
            Label { width: 100%; }
            Horizontal { height: auto; margin-top: 1; align-horizontal: right; Button { margin-left: 2; } }
        }
    }
    """
    AUTO_FOCUS = "#yes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "answer(False)", "Cancel"),
        Binding("y", "answer(True)", "Yes"),
    ]

    def __init__(self, question: str, yes: str) -> None:
        """Make the question.

        Args:
            question: In one or two sentences.
            yes: What the button that goes on says.
        """
        super().__init__()
        self._question = question
        self._yes = yes

    def compose(self) -> ComposeResult:
        """Lay out the question and its two answers."""
        with Vertical():
            yield Label(self._question, markup=False)
            with Horizontal():
                yield Button(self._yes, variant="primary", compact=True, id="yes", action="screen.answer(True)")
                yield Button("Cancel", compact=True, action="screen.answer(False)")

    def action_answer(self, answer: bool) -> None:
        """Give the answer."""
        self.dismiss(answer)

"""A line at the bottom of a view to type a query into; it is there only while it is wanted."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static


class _Line(Input):
    """The input of a prompt."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,tab", "leave", "Leave", show=False),
        Binding("up", "recall", "The one before", show=False),
    ]

    def action_leave(self) -> None:
        """Leave it."""
        self.post_message(Prompt.Left())

    def action_recall(self) -> None:
        """Bring back what was typed the last time."""
        if isinstance(self.parent, Prompt):
            self.value = self.parent.before
            self.cursor_position = len(self.value)


class Prompt(Horizontal):
    """Asks for one line of text.

    Attributes:
        sign: What it is asked for: a sign in front of it.
        before: What was given the last time for that sign.
    """

    DEFAULT_CSS = """
    Prompt {
        dock: bottom;
        height: 1;
        display: none;
        background: $panel;
        &.-open { display: block; }
        Static { width: 3; color: $footer-key-foreground; text-style: bold; content-align: center middle; }
        Input { width: 1fr; background: $panel; }
        Input.-refused { background: $error 30%; }
    }
    """

    class Typed(Message):
        """Something was typed, and there may be more to come."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Given(Message):
        """A line was given."""

        def __init__(self, sign: str, text: str) -> None:
            self.sign = sign
            self.text = text
            super().__init__()

    class Left(Message):
        """Nothing was given after all."""

    def __init__(self, hint: str) -> None:
        """Make a prompt.

        Args:
            hint: What can be typed.
        """
        super().__init__()
        self.sign = ""
        self._given: dict[str, str] = {}
        self._back: Widget | None = None
        self._sign = Static("", markup=False)
        self._line = _Line(placeholder=hint, compact=True, max_length=200)

    def compose(self) -> ComposeResult:
        """Lay out the sign and the input."""
        yield self._sign
        yield self._line

    @property
    def before(self) -> str:
        """What was given the last time for this sign."""
        return self._given.get(self.sign, "")

    @property
    def open(self) -> bool:
        """Whether it is there."""
        return self.has_class("-open")

    def ask(self, sign: str) -> None:
        """Appear, take the focus, and ask."""
        self.sign = sign
        self._sign.update(sign)
        self._line.value = ""
        self._line.remove_class("-refused")
        if not self.open:
            self._back = self.screen.focused
            self.add_class("-open")
        self.screen.set_focus(self._line)

    def close(self) -> None:
        """Go, and give the focus back to who had it."""
        if not self.open:
            return
        self.remove_class("-open")
        if self._line.has_focus and self._back is not None and self._back.is_attached:
            self.screen.set_focus(self._back)

    def refuse(self) -> None:
        """Mark what was typed as wrong."""
        self._line.add_class("-refused")

    @on(Input.Changed)
    def _typing(self, event: Input.Changed) -> None:
        event.stop()
        self._line.remove_class("-refused")
        if self.open:
            self.post_message(self.Typed(event.value))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self._given[self.sign] = event.value
        self.post_message(self.Given(self.sign, event.value))

    @on(Input.Blurred)
    def _blurred(self, event: Input.Blurred) -> None:
        event.stop()
        # Not when the whole terminal loses the focus.
        if self.open and self.app.app_focus:
            self.post_message(self.Left())

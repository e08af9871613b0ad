"""An input for one value, with its name and its unit."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import HorizontalGroup
from textual.events import Key
from textual.message import Message
from textual.widgets import Input, Label

from zmqtui.core.model import BadInput, Knob


class Field(HorizontalGroup):
    """A labelled input for one value: Enter gives it, and so does going elsewhere; Escape does not."""

    DEFAULT_CSS = """
    Field {
        width: auto;
        height: 1;
        margin-right: 2;
        Label { color: $foreground 60%; }
        Input { width: 8; margin-left: 1; background: $boost; padding: 0 1 0 0; }
        Input:focus { background: $primary 30%; }
        Input.-refused { background: $error 30%; }
        .unit { margin-left: 1; }
    }
    """

    class Given(Message):
        """A value was given."""

        def __init__(self, knob: Knob, value: object) -> None:
            self.knob = knob
            self.value = value
            super().__init__()

    class Refused(Message):
        """What was typed is no value."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def __init__(self, knob: Knob) -> None:
        """Make a field.

        Args:
            knob: What it turns; the number of a role's instances is a knob here like any other.
        """
        super().__init__()
        self.knob = knob
        self._applied = ""

    def compose(self) -> ComposeResult:
        """Lay out label, input and unit."""
        yield Label(self.knob.label or self.knob.name)
        field = Input(compact=True, select_on_focus=True)
        field.tooltip = f"{self.knob.help}: {self.knob.range}"
        yield field
        if self.knob.unit:
            yield Label(self.knob.unit, classes="unit")

    def show(self, value: object) -> None:
        """Show a value, unless the user is typing one."""
        text = self.knob.format(value)
        field = self.query_one(Input)
        if text != self._applied and not field.has_focus:
            self._applied = text
            field.value = text
            self._fit(text)

    def _fit(self, text: str) -> None:
        """Make room for a number as it is typed; texts have room, and a card's input takes what there is."""
        if self.knob.kind in ("int", "float"):
            self.query_one(Input).styles.width = max(3, len(text) + 2)
        elif not self.knob.each:
            self.query_one(Input).styles.width = 12

    def on_key(self, event: Key) -> None:
        """Have the value back that was there before, when it is left by Escape."""
        if event.key == "escape":
            self.query_one(Input).value = self._applied

    @on(Input.Changed)
    def _typing(self, event: Input.Changed) -> None:
        event.stop()
        event.input.remove_class("-refused")
        self._fit(event.value)

    @on(Input.Blurred)
    def _left(self, event: Input.Blurred) -> None:
        event.stop()
        if event.input.has_class("-refused"):
            event.input.value = self._applied
        elif event.input.value != self._applied:
            # Not the event's value: what was shown since is not what the user typed.
            self._give(event.input)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._give(event.input)

    def _give(self, field: Input) -> None:
        try:
            value = self.knob.parse(field.value)
        except BadInput as error:
            field.add_class("-refused")
            field.action_select_all()
            self.post_message(self.Refused(str(error)))
            return
        self._applied = field.value = self.knob.format(value)
        self.post_message(self.Given(self.knob, value))

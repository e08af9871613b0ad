"""The line of controls: start, reset, transport, how many, and the knobs that all instances share."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, HorizontalGroup
from textual.message import Message
from textual.widgets import Button, Input, Label, Select, Static

from zmqtui.core.model import TRANSPORTS, BadInput, Knob, Pattern
from zmqtui.core.watch import StageView


class Field(HorizontalGroup):
    """A labelled input for one value; a press of Enter, or leaving it, gives it."""

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
            field.styles.width = len(text) + 2 if self.knob.kind in ("int", "float") else 12

    @on(Input.Changed)
    def _typing(self, event: Input.Changed) -> None:
        event.stop()
        event.input.remove_class("-refused")

    @on(Input.Blurred)
    def _left(self, event: Input.Blurred) -> None:
        event.stop()
        if event.input.has_class("-refused"):
            event.input.value = self._applied
        elif event.value != self._applied:
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
            self.post_message(self.Refused(str(error)))
            return
        self._applied = field.value = self.knob.format(value)
        self.post_message(self.Given(self.knob, value))


class Controls(Horizontal):
    """Start, Reset, the transport, the counts and the knobs of one pattern."""

    DEFAULT_CSS = """
    Controls {
        height: auto;
        padding: 0 1;
        Button { min-width: 9; margin-right: 1; height: 1; }
        Select { width: 12; margin-right: 2; height: 1; }
        #fields { layout: horizontal; height: auto; width: 1fr; overflow-x: auto; scrollbar-size-horizontal: 0; }
        #digest { width: 1fr; color: $foreground 70%; display: none; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    class Transport(Message):
        """Another transport was chosen."""

        def __init__(self, transport: str) -> None:
            self.transport = transport
            super().__init__()

    def __init__(self, pattern: Pattern, transport: str) -> None:
        """Make the controls of `pattern`, which is to run on `transport`."""
        super().__init__()
        self.pattern = pattern
        self._transport = transport
        self._counts = {
            role.name: Knob(role.name, "int", role.default, f"how many {role.name}s", "", 1, role.most, f"{role.name}s")
            for role in pattern.roles
            if role.most > 1
        }
        self._knobs = [knob for knob in pattern.knobs if not knob.each]

    def compose(self) -> ComposeResult:
        """Lay out the buttons and the fields."""
        yield Button("▶ Start", variant="success", compact=True, id="start")
        yield Button("↺ Reset", compact=True, id="reset")
        yield Select([(name, name) for name in TRANSPORTS], value=self._transport, allow_blank=False, compact=True)
        with Horizontal(id="fields"):
            for knob in (*self._counts.values(), *self._knobs):
                yield Field(knob)
        yield Static("", id="digest", markup=False)

    def show(self, view: StageView) -> None:
        """Show the values as they stand."""
        button = self.query_one("#start", Button)
        label = "■ Stop" if view.running else "▶ Start"
        if str(button.label) != label:
            button.label = label
            button.variant = "default" if view.running else "success"
        select = self.query_one(Select)
        if select.value != view.transport and not select.expanded:
            with select.prevent(Select.Changed):
                select.value = view.transport
        digest = []
        for field in self.query(Field):
            counted = self._counts.get(field.knob.name)
            value = len(view.of(counted.name)) if counted else view.knobs[field.knob.name]
            field.show(value)
            digest.append(f"{field.knob.label or field.knob.name} {field.knob.format(value)}{field.knob.unit}")
        text = " · ".join(digest)
        line = self.query_one("#digest", Static)
        if str(line.content) != text:
            line.update(text)

    def counts(self, knob: Knob) -> bool:
        """Tell whether `knob` is the number of a role's instances."""
        return self._counts.get(knob.name) is knob

    def edit(self) -> None:
        """Put the cursor into the first field."""
        # At once, not when the loop comes to it: the next key may be under way.
        self.screen.set_focus(self.query(Field).first().query_one(Input))

    @on(Select.Changed)
    def _choose(self, event: Select.Changed) -> None:
        event.stop()
        self.post_message(self.Transport(str(event.value)))

"""The line of controls: start, reset, transport, how many, and the knobs that all instances share."""

from __future__ import annotations

from textual import on
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import AwaitMount
from textual.widgets import Button, Input, Select, Static

from zmqtui.core.model import TRANSPORTS, Knob, Pattern
from zmqtui.core.watch import StageView
from zmqtui.ui.field import Field


class Controls(Horizontal):
    """Start, Reset, the transport, the counts and the knobs of one pattern."""

    DEFAULT_CSS = """
    Controls {
        height: 1;
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
        self._roles = {f"{role.name}s": role for role in pattern.roles if role.most > 1}
        counts = [
            Knob(name, "int", role.default, f"how many {name}", "", 1, role.most) for name, role in self._roles.items()
        ]
        self._knobs = [*counts, *(knob for knob in pattern.knobs if not knob.each)]

    def furnish(self) -> AwaitMount:
        """Lay out the buttons and the fields."""
        transports = [(name, name) for name in TRANSPORTS]
        return self.mount(
            Button("▶ Start", variant="success", compact=True, id="start"),
            Button("↺ Reset", compact=True, id="reset"),
            Select(transports, value=self._transport, allow_blank=False, compact=True),
            Horizontal(*(Field(knob) for knob in self._knobs), id="fields"),
            Static("", id="digest", markup=False),
        )

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
            role = self.role_of(field.knob)
            value = len(view.of(role)) if role else view.knobs[field.knob.name]
            field.show(value)
            digest.append(f"{field.knob.label or field.knob.name} {field.knob.format(value)}{field.knob.unit}")
        text = " · ".join(digest)
        line = self.query_one("#digest", Static)
        if str(line.content) != text:
            line.update(text, layout=False)

    def role_of(self, knob: Knob) -> str:
        """Return the role whose number `knob` is, or nothing."""
        role = self._roles.get(knob.name)
        return role.name if role else ""

    def edit(self) -> None:
        """Put the cursor into the first field."""
        # At once, not when the loop comes to it: the next key may be under way.
        self.screen.set_focus(self.query(Field).first().query_one(Input))

    @on(Select.Changed)
    def _choose(self, event: Select.Changed) -> None:
        event.stop()
        self.post_message(self.Transport(str(event.value)))

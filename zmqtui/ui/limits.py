"""The dialog of the limits on what a peer may cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from zmqtui.core.limits import LIMITS, Limits
from zmqtui.core.text import printable
from zmqtui.ui.field import Field

_NOTE = (
    "They hold for every pattern, for sockets made from now on: restart a role with r or a pattern with space."
    " memory holds at once."
)


class LimitsDialog(ModalScreen[None]):
    """Shows the limits and lets the user change them: each takes effect as it is given."""

    DEFAULT_CSS = """
    LimitsDialog {
        align: center middle;
        Vertical {
            width: 92; max-width: 100%; height: auto; max-height: 100%; overflow-y: auto; padding: 1 2;
            background: $panel; border: round $primary; border-title-color: $primary;
            border-subtitle-color: $foreground 60%;
        }
        Field {
            width: 37;
            Label { width: 17; }
            Input { min-width: 12; }
            .unit { width: 4; }
        }
        .help { width: 1fr; color: $foreground 60%; text-wrap: nowrap; text-overflow: ellipsis; }
        #note, #refusal { width: 100%; margin-top: 1; color: $foreground 80%; }
        #refusal { color: $text-error; display: none; &.-wrong { display: block; } }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close"),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(self, limits: Limits, give: Callable[[Limits], None]) -> None:
        """Make the dialog.

        Args:
            limits: As they are.
            give: Called with what they become.
        """
        super().__init__()
        self._limits = limits
        self._give = give
        self._refusal = Static("", id="refusal", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out a line for each limit."""
        with Vertical() as page:
            page.border_title = "Limits: what a peer may cost"
            page.border_subtitle = "enter applies · escape closes"
            for limit in LIMITS:
                with HorizontalGroup():
                    yield Field(limit)
                    yield Label(limit.help, classes="help", markup=False)
            yield Static(_NOTE, id="note", markup=False)
            yield self._refusal

    def on_mount(self) -> None:
        """Show the values."""
        for field in self.query(Field):
            field.show(getattr(self._limits, field.knob.name))
        self.query(Input).first().focus()

    @on(Field.Given)
    def _given(self, event: Field.Given) -> None:
        event.stop()
        self._refuse("")
        self._limits = self._limits.parsed(event.knob.name, event.knob.format(event.value))
        self._give(self._limits)
        self.notify(f"{event.knob.name} is {event.knob.format(event.value)} {event.knob.unit}".rstrip(), markup=False)

    @on(Field.Refused)
    def _refused(self, event: Field.Refused) -> None:
        event.stop()
        self._refuse(printable(event.text))

    def _refuse(self, text: str) -> None:
        self._refusal.update(text)
        self._refusal.set_class(bool(text), "-wrong")

"""A card for one instance of a role: its state, its counts and what they mean."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from zmqtui.core.model import Knob
from zmqtui.core.text import printable
from zmqtui.core.watch import Figure, InstanceView, StageView
from zmqtui.ui import face
from zmqtui.ui.drawn import changed
from zmqtui.ui.field import Field


class Card(Vertical):
    """Shows one instance and, where it has one, the knob of its own."""

    DEFAULT_CSS = """
    Card {
        height: auto;
        background: $surface;
        Static { height: auto; text-wrap: nowrap; }
        Field { width: 100%; padding-left: 2; Input { width: 1fr; max-width: 40; } }
    }
    """

    class Picked(Message):
        """The card was clicked, or its input is used."""

        def __init__(self, card: Card) -> None:
            self.card = card
            super().__init__()

    class Turned(Message):
        """The instance's own knob was given a value."""

        def __init__(self, card: Card, knob: Knob, value: object) -> None:
            self.card = card
            self.knob = knob
            self.value = value
            super().__init__()

    def __init__(self, instance: str, role: int, knob: Knob | None) -> None:
        """Make a card.

        Args:
            instance: Whose.
            role: The place of its role in the pattern, for the colour.
            knob: The knob of its own, if it has one.
        """
        # No id: a card that is on its way out may have had the same name.
        super().__init__(classes=f"card-{instance}")
        self.instance = instance
        self.knob = knob
        self._role = role
        self._body = Static(markup=False)
        self._field = Field(knob) if knob else None
        self._shown: Content | None = None

    def compose(self) -> ComposeResult:
        """Lay out the body and the knob."""
        yield self._body
        if self._field:
            yield self._field

    def on_click(self) -> None:
        """Select the card."""
        self.post_message(self.Picked(self))

    def on_descendant_focus(self) -> None:
        """Select the card whose input is used."""
        self.post_message(self.Picked(self))

    def on_descendant_blur(self) -> None:
        """Fold the input away again where there is little room."""
        self.remove_class("-editing")

    def edit(self) -> None:
        """Put the cursor into the knob's input."""
        if self._field:
            self.add_class("-editing")
            self._field.display = True
            # At once, not when the loop comes to it: the next key may be under way.
            self.screen.set_focus(self._field.query_one(Input))

    @property
    def drawn(self) -> bool:
        """Whether it was drawn before."""
        return self._shown is not None

    @on(Field.Given)
    def _given(self, event: Field.Given) -> None:
        event.stop()
        self.post_message(self.Turned(self, event.knob, event.value))

    def _own(self, value: object) -> str:
        """Name the value of the knob of its own where it says something."""
        if not self.knob or (self.knob.kind != "filters" and value == self.knob.default):
            return ""
        text = self.knob.format(value) or "everything"
        return f"{self.knob.label or self.knob.name} {printable(text, 12)}"

    def show(
        self,
        view: StageView,
        instance: InstanceView,
        figures: Sequence[Figure],
        *,
        brief: bool,
        picked: bool,
        spark: str = "",
        width: int = 0,
    ) -> None:
        """Draw the instance as it stands.

        Args:
            view: The stage.
            instance: The instance.
            figures: Its figures.
            brief: Whether there is room for one line only.
            picked: Whether the keys are for it.
            spark: Its sparkline.
            width: Columns, until it has its own.
        """
        own = ""
        if self.knob and self._field:
            value = instance.knobs[self.knob.name]
            self._field.show(value)
            own = self._own(value)
            # A number that is as it always is needs no line of its own, until somebody looks closer.
            self._field.display = self.has_class("-editing") or (bool(own or picked) and not brief)
        width = max(20, self.size.width or width)
        if brief and not picked:
            content = face.one_line(view, instance, figures, own, width, role=self._role, picked=picked)
        else:
            content = face.lines(view, instance, figures, width, role=self._role, picked=picked, spark=spark)
            self.tooltip = Content(face.meets(view, instance))
        # Arranging the whole screen anew costs much more than drawing a card: only when its height is another.
        # It has none while it is not on view: then what was drawn last counts.
        height = self._body.size.height or (self._shown.plain.count("\n") + 1 if self._shown else 0)
        grown = content.plain.count("\n") + 1 != height
        if grown or changed(self._shown, content):
            self._shown = content
            self._body.update(content, layout=grown)

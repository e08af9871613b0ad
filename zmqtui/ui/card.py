"""A card for one instance of a role: its state, its counts and what they mean."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Static

from zmqtui.core.actor import State
from zmqtui.core.model import BadInput, Knob
from zmqtui.core.text import printable
from zmqtui.core.watch import Figure, InstanceView, StageView
from zmqtui.ui.signs import place, rate, state_of

_BAR = "█"


class Card(Vertical, can_focus=True):
    """Shows one instance; when focused, the keys are for it."""

    DEFAULT_CSS = """
    Card {
        height: auto;
        padding: 0 1;
        background: $surface;
        border-left: thick $foreground 20%;
        &:focus, &.-selected { background: $panel; }
        &.-selected { border-left: thick $primary; }
        Static { height: auto; text-wrap: nowrap; }
        .own {
            height: 1;
            Label { color: $foreground 60%; margin-right: 1; }
            Input { width: 1fr; background: $boost; }
            Input.-refused { background: $error 30%; }
        }
    }
    """

    class Picked(Message):
        """The card was selected."""

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

    class Refused(Message):
        """What was typed is no value of the knob."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def __init__(self, instance: str, role: int, knob: Knob | None) -> None:
        """Make a card.

        Args:
            instance: Whose.
            role: The place of its role in the pattern, for the colour.
            knob: The knob of its own, if it has one.
        """
        super().__init__(id=f"card-{instance}")
        self.instance = instance
        self.role = role
        self.knob = knob
        self._body = Static(markup=False)
        self._shown: Content | None = None
        self._applied = ""

    def compose(self) -> ComposeResult:
        """Lay out the body and the knob."""
        yield self._body
        if self.knob:
            with Horizontal(classes="own"):
                yield Label(self.knob.label or self.knob.name)
                yield Input(compact=True, placeholder=self.knob.range)

    def on_focus(self) -> None:
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
        if self.knob:
            self.add_class("-editing")
            # At once, not when the loop comes to it: the next key may be under way.
            self.screen.set_focus(self.query_one(Input))

    @on(Input.Submitted)
    def turn(self, event: Input.Submitted) -> None:
        """Give the knob the value that was typed."""
        event.stop()
        if not self.knob:
            return
        try:
            value = self.knob.parse(event.value)
        except BadInput as error:
            event.input.add_class("-refused")
            self.post_message(self.Refused(str(error)))
            return
        event.input.remove_class("-refused")
        self._applied = self.knob.format(value)
        self.post_message(self.Turned(self, self.knob, value))

    @on(Input.Changed)
    def typing(self, event: Input.Changed) -> None:
        """Take an earlier complaint back while the value is mended."""
        event.stop()
        event.input.remove_class("-refused")

    def show(self, view: StageView, instance: InstanceView, figures: Sequence[Figure], *, brief: bool) -> None:
        """Draw the instance as it stands.

        Args:
            view: The stage.
            instance: The instance.
            figures: Its figures.
            brief: Whether there is room for one line only.
        """
        if self.knob:
            text = self.knob.format(instance.knobs[self.knob.name])
            field = self.query_one(Input)
            if text != self._applied and not field.has_focus:
                self._applied = text
                field.value = text
        content = self._line(view, instance, figures) if brief else self._lines(view, instance, figures)
        if content != self._shown:
            self._shown = content
            self._body.update(content)

    def _head(self, view: StageView, instance: InstanceView) -> tuple[Content, Content]:
        sign, tone, name, age = state_of(instance, view)
        style = f"$tone-{tone}" if tone else "$foreground 60%"
        title = Content.styled(f"{instance.name:<13}", f"bold $role-{self.role % 3}")
        state = Content.assemble((f"{sign} {name}", style), (f" {age}" if age else "", f"{style} 80%"))
        return title, state

    def _counts(self, instance: InstanceView, *, rates: bool = True) -> Content:
        parts: list[Content] = []
        if instance.sent.messages or any(port.socket in _SENDS for port in instance.ports):
            parts.append(Content.styled(f"→ {instance.sent.messages:,}", "$tone-sent"))
        if instance.received.messages or any(port.socket in _RECEIVES for port in instance.ports):
            parts.append(Content.styled(f"← {instance.received.messages:,}", "$tone-received"))
        if rates and (instance.sent_rate or instance.received_rate):
            parts.append(Content.styled(rate(max(instance.sent_rate, instance.received_rate)), "$foreground 60%"))
        return Content("  ").join(parts)

    def _line(self, view: StageView, instance: InstanceView, figures: Sequence[Figure]) -> Content:
        title, state = self._head(view, instance)
        line = [title, _fit(state, 20), _fit(self._counts(instance, rates=False), 16)]
        if self.knob and (self.knob.kind == "filters" or self._applied != self.knob.format(self.knob.default)):
            label = self.knob.label or self.knob.name
            line.append(Content.styled(f"{label} {printable(self._applied, 16)}", "$foreground 60%"))
        line += [_figure(figure, 5) for figure in figures if figure.brief and figure.text]
        return Content(" ").join(line).truncate(max(20, self.size.width), ellipsis=True)

    def _lines(self, view: StageView, instance: InstanceView, figures: Sequence[Figure]) -> Content:
        width = max(20, self.size.width)
        head = _pad(Content("  ").join(self._head(view, instance)), 38)
        self.tooltip = meets = _meets(view, instance)
        room = width - head.cell_length - 2
        lines = [Content.assemble(head, (f"  {meets}" if len(meets) <= room else "", "$foreground 45%"))]
        shown = [figure for figure in figures if figure.text]
        counts = self._counts(instance)
        brief = _flow([_figure(figure, 8) for figure in shown if figure.brief], width)
        if len(brief) == 1 and counts.cell_length + brief[0].cell_length + 3 <= width:
            lines.append(Content.assemble(_pad(counts, min(24, width - brief[0].cell_length - 2)), "  ", brief[0]))
        else:
            lines += [counts, *brief]
        lines += _flow([_figure(figure, 8) for figure in shown if not figure.brief], width)
        if instance.status.detail and instance.state in (State.FAILED, State.STUCK):
            lines.append(Content.styled(printable(instance.status.detail, width), "$tone-failed"))
        return Content("\n").join([line.truncate(width, ellipsis=True) for line in lines])


def _flow(parts: Sequence[Content], width: int) -> list[Content]:
    """Join `parts` into as few lines as `width` allows."""
    lines: list[Content] = []
    for part in parts:
        if lines and lines[-1].cell_length + part.cell_length + 3 <= width:
            lines[-1] = Content(" · ").join([lines[-1], part])
        else:
            lines.append(part)
    return lines


def _meets(view: StageView, instance: InstanceView) -> str:
    """Say where an instance binds and connects, and with which sockets."""
    meets = []
    for endpoint in view.pattern.endpoints:
        at = place(view.addresses[endpoint.name])
        if endpoint.bind.role == instance.role:
            meets.append(f"{endpoint.bind.socket} binds {at}")
        meets += [f"{link.socket} to {at}" for link in endpoint.connect if link.role == instance.role]
    return ", ".join(meets)


_SENDS = {"REQ", "REP", "PUB", "PUSH", "DEALER", "ROUTER", "PAIR", "XPUB", "XSUB"}
_RECEIVES = {"REQ", "REP", "SUB", "PULL", "DEALER", "ROUTER", "PAIR", "XPUB", "XSUB"}


def _figure(figure: Figure, width: int) -> Content:
    style = f"$tone-{figure.tone}" if figure.tone else "$foreground 80%"
    if figure.fraction is None:
        # A loss of nothing is no loss: it stays quiet.
        return Content.styled(figure.text, style if figure.value or not figure.tone else "$foreground 45%")
    return Content.assemble((bar(figure.fraction, width), style), (f" {figure.text}", style))


def bar(fraction: float, width: int) -> str:
    """Draw a share of a whole as a bar `width` cells long, in eighths of a cell."""
    eighths = round(max(0.0, min(1.0, fraction)) * width * 8)
    full, rest = divmod(eighths, 8)
    return (_BAR * full + ("" if not rest else " ▏▎▍▌▋▊▉"[rest])).ljust(width)


def _pad(content: Content, width: int) -> Content:
    return content.pad_right(max(0, width - content.cell_length))


def _fit(content: Content, width: int) -> Content:
    return _pad(content.truncate(width, ellipsis=True), width)

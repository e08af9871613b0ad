"""What a card says: an instance's state, counts and figures as lines of text."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from zmqtui.core.state import State
from zmqtui.core.text import printable
from zmqtui.core.watch import Figure, InstanceView, StageView
from zmqtui.ui.signs import place, rate, state_of

_EDGE = "▌ "
_SENDS = {"REQ", "REP", "PUB", "PUSH", "DEALER", "ROUTER", "PAIR", "XPUB", "XSUB"}
_RECEIVES = {"REQ", "REP", "SUB", "PULL", "DEALER", "ROUTER", "PAIR", "XPUB", "XSUB"}


def one_line(
    view: StageView, instance: InstanceView, figures: Sequence[Figure], own: str, width: int, *, role: int, picked: bool
) -> Content:
    """Draw an instance in one line.

    Args:
        view: The stage.
        instance: The instance.
        figures: Its figures.
        own: The value of its own knob, with its name; may be empty.
        width: Columns.
        role: The place of its role in the pattern, for the colour.
        picked: Whether the keys are for it.
    """
    edge, title, state = _head(view, instance, role, picked=picked)
    line = [Content.assemble(edge, title), _fit(state, 20), _pad(_counts(instance, rates=False), 15)]
    if own:
        line.append(Content.styled(own, "$foreground 60%"))
    line += [_figure(figure, 4) for figure in figures if figure.brief and figure.text]
    return Content(" ").join(line).truncate(width, ellipsis=True)


def lines(
    view: StageView,
    instance: InstanceView,
    figures: Sequence[Figure],
    width: int,
    *,
    role: int,
    picked: bool,
    spark: str = "",
) -> Content:
    """Draw an instance in as many lines as its figures need; the arguments are as for `one_line`.

    `spark` is its sparkline, for the end of the counts where there is room.
    """
    edge, title, state = _head(view, instance, role, picked=picked)
    width -= len(_EDGE)
    head = _pad(Content("  ").join([title, state]), 38)
    at = meets(view, instance)
    rows = [Content.assemble(head, (f"  {at}" if head.cell_length + len(at) + 2 <= width else "", "$foreground 45%"))]
    shown = [figure for figure in figures if figure.text]
    counts = _counts(instance)
    brief = _flow([_figure(figure, 8) for figure in shown if figure.brief], width)
    if len(brief) == 1 and counts.cell_length + brief[0].cell_length + 3 <= width:
        rows.append(Content.assemble(_pad(counts, min(24, width - brief[0].cell_length - 2)), "  ", brief[0]))
    else:
        rows += [counts, *brief]
    if spark and (gap := width - rows[1].cell_length - len(spark)) >= 2:
        # At the same place whatever the counts are.
        rows[1] = Content.assemble(rows[1], " " * gap, (spark, "$foreground 45%"))
    rows += _flow([_figure(figure, 8) for figure in shown if not figure.brief], width)
    if instance.status.detail and instance.state in (State.FAILED, State.STUCK):
        rows.append(Content.styled(printable(instance.status.detail, width), "$tone-failed"))
    return Content("\n").join([Content.assemble(edge, row.truncate(width, ellipsis=True)) for row in rows])


def meets(view: StageView, instance: InstanceView) -> str:
    """Say where an instance binds and connects, and with which sockets."""
    places = []
    for endpoint in view.pattern.endpoints:
        at = place(view.addresses[endpoint.name])
        if endpoint.bind.role == instance.role:
            places.append(f"{endpoint.bind.socket} binds {at}")
        places += [f"{link.socket} to {at}" for link in endpoint.connect if link.role == instance.role]
    return ", ".join(places)


def bar(fraction: float, width: int) -> str:
    """Draw a share of a whole as a bar `width` cells long, in eighths of a cell."""
    eighths = round(max(0.0, min(1.0, fraction)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + ("" if not rest else " ▏▎▍▌▋▊▉"[rest])).ljust(width)


def _head(view: StageView, instance: InstanceView, role: int, *, picked: bool) -> tuple[Content, Content, Content]:
    sign, tone, name, age = state_of(instance, view)
    style = f"$tone-{tone}" if tone else "$foreground 60%"
    edge = Content.styled("█ " if picked else _EDGE, "$primary" if picked else "$foreground 25%")
    colour = f"bold $role-{role % 3}"
    title = Content.styled(instance.name, f"{colour} reverse" if picked else colour)
    state = Content.assemble((f"{sign} {name}", style), (f" {age}" if age else "", f"{style} 80%"))
    return edge, _pad(title, 13), state


def _counts(instance: InstanceView, *, rates: bool = True) -> Content:
    parts: list[Content] = []
    if instance.sent.messages or any(port.socket in _SENDS for port in instance.ports):
        parts.append(Content.styled(f"→ {instance.sent.messages:,}", "$tone-sent"))
    if instance.received.messages or any(port.socket in _RECEIVES for port in instance.ports):
        parts.append(Content.styled(f"← {instance.received.messages:,}", "$tone-received"))
    if rates and (instance.sent_rate or instance.received_rate):
        parts.append(Content.styled(rate(max(instance.sent_rate, instance.received_rate)), "$foreground 60%"))
    return Content("  ").join(parts)


def _figure(figure: Figure, width: int) -> Content:
    style = f"$tone-{figure.tone}" if figure.tone else "$foreground 80%"
    if figure.fraction is None:
        # A loss of nothing is no loss: it stays quiet.
        return Content.styled(figure.text, style if figure.value or not figure.tone else "$foreground 45%")
    return Content.assemble((bar(figure.fraction, width), style), (f" {figure.text}", style))


def _flow(parts: Sequence[Content], width: int) -> list[Content]:
    """Join `parts` into as few lines as `width` allows."""
    rows: list[Content] = []
    for part in parts:
        if rows and rows[-1].cell_length + part.cell_length + 3 <= width:
            rows[-1] = Content(" · ").join([rows[-1], part])
        else:
            rows.append(part)
    return rows


def _pad(content: Content, width: int) -> Content:
    return content.pad_right(max(0, width - content.cell_length))


def _fit(content: Content, width: int) -> Content:
    return _pad(content.truncate(width, ellipsis=True), width)

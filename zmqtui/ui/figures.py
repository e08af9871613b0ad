"""What a pattern's figures look like: the gate's button, a progress bar, and numbers in a line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import HorizontalGroup, VerticalGroup
from textual.content import Content
from textual.widgets import Button, Static

from zmqtui.core.model import Gate
from zmqtui.core.watch import Figure, StageView
from zmqtui.ui.drawn import changed
from zmqtui.ui.face import bar


class Figures(VerticalGroup):
    """Shows the figures of the whole pattern."""

    DEFAULT_CSS = """
    Figures {
        padding: 0 1;
        &.-empty { display: none; }
        HorizontalGroup { height: 1; }
        Button { margin-right: 2; height: 1; }
        #gate-state { width: 1fr; color: $foreground 80%; }
        #numbers { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    def __init__(self, gate: Gate | None) -> None:
        """Make the panel.

        Args:
            gate: The button the pattern waits for, if it has one.
        """
        super().__init__()
        self.gate = gate
        self._numbers = Static(markup=False, id="numbers")
        self._shown: Content | None = None
        self._told = ""

    def compose(self) -> ComposeResult:
        """Lay out the button and the numbers."""
        if self.gate:
            with HorizontalGroup():
                yield Button(f"{self.gate.label} ({self.gate.key})", compact=True, variant="primary", id="gate")
                yield Static("", id="gate-state", markup=False)
        yield self._numbers

    def show(self, view: StageView, figures: Sequence[Figure]) -> None:
        """Draw the figures as they stand."""
        if self.gate:
            wanted = len([each for each in view.of(self.gate.peers) if each.alive])
            there = view.peers.get(self.gate.endpoint, 0)
            asks = any(each.state.name == "ASKING" for each in view.of(self.gate.role))
            told = f"connected {there}/{max(wanted, there, len(view.of(self.gate.peers)))}"
            if view.gate_open:
                told += " · pressed: it starts as soon as it can"
            elif not view.running:
                told += f" · try {self.gate.key} now: it is too early"
            elif not asks:
                told += " · at work"
            if told != self._told:
                self._told = told
                self.query_one("#gate-state", Static).update(told, layout=False)
        content = self._content(figures, self.size.width)
        if changed(self._shown, content):
            grown = self._shown is None or content.plain.count("\n") != self._shown.plain.count("\n")
            self._shown = content
            self._numbers.update(content, layout=grown)
            self.set_class(not content.plain and self.gate is None, "-empty")

    def _content(self, figures: Sequence[Figure], width: int) -> Content:
        row: list[Content] = []
        lines: list[Content] = []
        marks = ""
        for figure in figures:
            if not figure.text:
                continue
            style = f"$tone-{figure.tone}" if figure.tone else "$foreground 80%"
            if figure.name == "marks":
                marks = figure.text
            elif figure.fraction is not None:
                lines.append(
                    Content.assemble((bar(figure.fraction, 24), f"{style} on $boost"), (f"  {figure.text}", style))
                )
            else:
                row.append(Content.styled(figure.text, style))
        if marks and lines:
            room = max(10, width - 50)
            lines[0] = Content.assemble(lines[0], (f"  {marks[-room:]}", "$foreground 60%"))
        if row:
            lines.append(Content(" · ").join(row))
        return Content("\n").join(lines)

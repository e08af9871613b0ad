"""Who sent what to whom, time downwards."""

from __future__ import annotations

from textual.content import Content
from textual.visual import VisualType

from zmqtui.ui.view import Scene, View


class Sequence(View):
    """Who sent what to whom, time downwards."""

    NAME = "sequence"
    KEY = "u"
    TITLE = "Sequence"
    HELP = "Who sent what to whom, time downwards."

    def show(self, scene: Scene) -> None:
        """Draw what changed."""

    def render(self) -> VisualType:
        """Draw it."""
        return Content("")

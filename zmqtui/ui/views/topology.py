"""The pattern's picture: who is connected to whom, and what travels where."""

from __future__ import annotations

from textual.content import Content
from textual.visual import VisualType

from zmqtui.ui.view import Scene, View


class Topology(View):
    """The pattern's picture: who is connected to whom, and what travels where."""

    NAME = "topology"
    KEY = "g"
    TITLE = "Topology"
    HELP = "The pattern's picture: who is connected to whom, and what travels where."

    def show(self, scene: Scene) -> None:
        """Draw what changed."""

    def render(self) -> VisualType:
        """Draw it."""
        return Content("")

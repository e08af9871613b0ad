"""What libzmq says of the connections."""

from __future__ import annotations

from textual.content import Content
from textual.visual import VisualType

from zmqtui.ui.view import Scene, View


class Connections(View):
    """What libzmq says of the connections."""

    NAME = "connections"
    KEY = "i"
    TITLE = "Connections"
    HELP = "What libzmq says of the connections."

    def show(self, scene: Scene) -> None:
        """Draw what changed."""

    def render(self) -> VisualType:
        """Draw it."""
        return Content("")

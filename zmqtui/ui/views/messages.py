"""Every frame of a message."""

from __future__ import annotations

from textual.content import Content
from textual.visual import VisualType

from zmqtui.ui.view import Scene, View


class Messages(View):
    """Every frame of a message."""

    NAME = "messages"
    KEY = "m"
    TITLE = "Messages"
    HELP = "Every frame of a message."

    def show(self, scene: Scene) -> None:
        """Draw what changed."""

    def render(self) -> VisualType:
        """Draw it."""
        return Content("")

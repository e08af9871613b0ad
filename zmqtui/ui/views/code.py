"""The role's source, with the line on which each instance stands now."""

from __future__ import annotations

from textual.content import Content
from textual.visual import VisualType

from zmqtui.ui.view import Scene, View


class Code(View):
    """The role's source, with the line on which each instance stands now."""

    NAME = "code"
    KEY = "c"
    TITLE = "Code"
    HELP = "The role's source, with the line on which each instance stands now."

    def show(self, scene: Scene) -> None:
        """Draw what changed."""

    def render(self) -> VisualType:
        """Draw it."""
        return Content("")

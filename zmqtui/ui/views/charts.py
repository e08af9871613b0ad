"""Counts and times over time."""

from __future__ import annotations

from textual.content import Content
from textual.visual import VisualType

from zmqtui.ui.view import Scene, View


class Charts(View):
    """Counts and times over time."""

    NAME = "charts"
    KEY = "h"
    TITLE = "Charts"
    HELP = "Counts and times over time."

    def show(self, scene: Scene) -> None:
        """Draw what changed."""

    def render(self) -> VisualType:
        """Draw it."""
        return Content("")

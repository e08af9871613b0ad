"""Renders for a partial update what can be seen in it, and no more.

Textual asks every widget on the screen for all of its lines, however small the part is that changed; with a tab of some
twenty widgets that is most of what a key or a frame costs.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip


class ThriftyCompositor(Compositor):
    """Asks only the widgets that something of the dirty regions shows, from the front to the back."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted: list[Region] = []

    def render_partial_update(self) -> ChopsUpdate | None:
        """Render what changed."""
        self._wanted = [region for region in self._dirty_regions if region]
        try:
            return super().render_partial_update()
        finally:
            self._wanted = []

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if not self._wanted:
            yield from super()._get_renders(crop)
            return
        wanted = self._wanted
        for widget, (region, clip) in self.visible_widgets.items():
            place = region.intersection(clip)
            if not place or not any(place.overlaps(each) for each in wanted):
                continue
            yield region, clip, widget.render_lines(place.translate(-region.offset))
            # What lies in front hides what is behind: containers are seldom seen.
            wanted = [each for each in wanted if not place.contains_region(each)]
            if not wanted:
                return

"""Renders of the screen what can be seen, and no more.

Textual asks every widget on the screen for all of its lines, however small the part is that changed, and whatever hides
them; with a tab of some twenty widgets that is most of what a key or a frame costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from zmqtui.ui.strips import release


class ThriftyCompositor(Compositor):
    """Asks only the widgets of which something is seen in what is to be drawn, from the front to the back.

    For the app's own screen; dialogs have Textual's.
    """

    def __init__(self) -> None:
        super().__init__()
        self._wanted: list[Region] | None = None
        self._drawn: list[Strip] = []

    def render_partial_update(self) -> ChopsUpdate | None:
        """Render what changed."""
        spans = self._regions_to_spans(self._dirty_regions)
        with self._only(Region(left, y, right - left, 1) for y, left, right in spans):
            return super().render_partial_update()

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """Render the whole screen."""
        with self._only(Region(0, y, self.size.width, 1) for y in range(self.size.height)):
            return super().render_full_update(simplify)

    @contextmanager
    def _only(self, lines: Iterable[Region]) -> Iterator[None]:
        self._wanted = list(lines)
        try:
            yield
        finally:
            self._wanted = None

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> Sequence[Mapping[int, Strip]]:
        try:
            return super()._render_chops(crop, is_rendered_line)
        finally:
            for strip in self._drawn:
                release(strip)
            self._drawn.clear()

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if self._wanted is None:
            for render in super()._get_renders(crop):
                self._drawn += render[2]
                yield render
            return
        # Those parts of lines that nobody who was asked hides.
        wanted = self._wanted
        for widget, (region, clip) in self.visible_widgets.items():
            place = region.intersection(clip)
            if not any(map(place.overlaps, wanted)):
                continue
            strips = widget.render_lines(place.translate(-region.offset))
            self._drawn += strips
            yield region, clip, strips
            wanted = [line for line in wanted if not place.contains_region(line)]
            if not wanted:
                return

"""Lines of the screen that are gone when nobody needs them: some of Textual's keep themselves in their own caches.

Such a cycle is left to the garbage collector, which then stops everything for 50 ms every other second.
"""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip


def fitted(strip: Strip, width: int, style: Style) -> Strip:
    """Return a line of `width` cells: what `Strip.crop_extend` does, which keeps a line that fits in its own cache."""
    return strip.extend_cell_length(width, style).crop(0, width)


def release(strip: Strip) -> None:
    """Break the cycle of a line that was divided into one: itself."""
    if strip._divide_cache.get((strip.cell_length,)) is not None:
        strip._divide_cache.clear()

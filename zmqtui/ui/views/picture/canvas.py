"""A grid of cells to draw on, each with a character and the name of a style."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

BLANK = ""
"""The style of what nothing was drawn on."""


class Canvas:
    """A drawing of `width` by `height` cells; what does not fit on it is cut off."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._cells = [[" "] * width for _ in range(height)]
        self._styles = [[BLANK] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, style: str, most: int | None = None) -> None:
        """Write `text` from a cell on, cut off after `most` columns."""
        if not 0 <= y < self.height:
            return
        if most is not None and cell_len(text) > most:
            text = text[: max(0, most - 1)] + "…" if most > 0 else ""
        cells, styles = self._cells[y], self._styles[y]
        if not text.isascii():
            # What is wider than a cell would shift all that is right of it.
            text = "".join(character if cell_len(character) == 1 else "·" for character in text)
        start, stop = max(x, 0), min(x + len(text), self.width)
        if start < stop:
            cells[start:stop] = text[start - x : stop - x]
            styles[start:stop] = [style] * (stop - start)
            if style.endswith("reverse"):
                return
            # Blanks around a text need no style: fewer segments, and pictures of the screen keep them.
            for place in (start, stop - 1):
                if cells[place] == " ":
                    styles[place] = BLANK

    def at(self, x: int, y: int) -> str:
        """Return the character of a cell, nothing outside."""
        return self._cells[y][x] if 0 <= y < self.height and 0 <= x < self.width else ""

    def free(self, x: int, y: int, width: int) -> bool:
        """Tell whether nothing was drawn on some cells of a row."""
        inside = 0 <= y < self.height and x >= 0 and x + width <= self.width
        return inside and all(cell == " " for cell in self._cells[y][x : x + width])

    def rows(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return each row's text and styles, to be compared."""
        return [("".join(cells), tuple(styles)) for cells, styles in zip(self._cells, self._styles, strict=True)]

    def text(self) -> str:
        """Return it without its styles."""
        return "\n".join("".join(cells).rstrip() for cells in self._cells)


def strip(row: tuple[str, tuple[str, ...]], styles: Mapping[str, Style]) -> Strip:
    """Return a row of a canvas as Textual draws it."""
    return Strip([Segment(text, styles[style]) for text, style in _runs(*row)], len(row[0]))


def _runs(text: str, styles: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    start = 0
    for style, cells in groupby(styles):
        stop = start + sum(1 for _ in cells)
        yield text[start:stop], style
        start = stop

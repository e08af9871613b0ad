"""Telling whether something has to be drawn anew."""

from __future__ import annotations

from textual.content import Content


def changed(before: Content | None, after: Content) -> bool:
    """Tell whether `after` looks different from `before`; ``==`` compares the text of contents and not their styles."""
    return before is None or not after.is_same(before)

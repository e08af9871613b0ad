"""The desk of a tab: the views on it side by side, as many as there is room for, and one of them current."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.keys import format_key
from textual.style import Style

from zmqtui.ui.key_bar import Keys
from zmqtui.ui.view import Scene, View


class Place(Vertical):
    """A view with its header: what it shows, and the keys it takes while it is the current one."""

    DEFAULT_CSS = """
    Place {
        height: 1fr;
        Keys { height: 1; background: $surface; text-wrap: nowrap; }
        View { height: 1fr; width: 1fr; }
    }
    """

    def __init__(self, view: View) -> None:
        """Make the place of `view`."""
        super().__init__()
        self.view = view
        self.display = False
        self.styles.width = f"{view.SHARE}fr"
        self._header = Keys("", markup=False)
        self._shown: Content | None = None

    def compose(self) -> ComposeResult:
        """Lay out header and view."""
        yield self._header
        yield self.view

    def head(self, note: str, *, current: bool) -> None:
        """Draw the header.

        Args:
            note: What else there is to say, such as that the view is held.
            current: Whether the keys are for this view.
        """
        width = self._header.size.width
        title = Content.assemble(
            (f" {self.view.TITLE} ", "bold reverse $primary" if current else "bold $foreground 70%"),
            (f" {self.view.about}", "$foreground 70%"),
            (f"  {note}" if note else "", "$tone-waiting"),
        ).stylize(Style.from_meta({"key": self.view.KEY}))
        keys: list[Content] = []
        room = width - title.cell_length - 2
        for key in self.view.KEYS if current else ():
            if not key.label:
                continue
            label = Content.assemble(
                (format_key(key.key), "$footer-key-foreground"), (f" {key.label}", "$foreground 60%")
            )
            room -= label.cell_length + 2
            if room < 0:
                break
            keys.append(label.stylize(Style.from_meta({"key": key.key})))
        right = Content("  ").join(keys)
        gap = max(1, width - title.cell_length - right.cell_length - 1)
        header = Content.assemble(title, " " * gap, right).truncate(max(width, 1), ellipsis=True)
        if header != self._shown:
            self._shown = header
            self._header.update(header, layout=False)


class Desk(Vertical):
    """Shows the views asked for last, as many as there is room for.

    Args:
        views: All views, in the order in which they stand side by side.
        first: The names of those on the desk at the beginning; the last one is the current one.

    Attributes:
        large: Whether the current view has all the room there is.
    """

    DEFAULT_CSS = """
    Desk {
        height: 1fr;
        #names { height: 1; text-wrap: nowrap; padding: 0 1; }
        #places { height: 1fr; }
    }
    """

    def __init__(self, views: Sequence[View], first: Sequence[str]) -> None:
        super().__init__(id="desk")
        self.views = {view.NAME: view for view in views}
        self.large = False
        # The current one in front.
        self._recent = [*reversed(first), *(name for name in self.views if name not in first)]
        self._places = {view.NAME: Place(view) for view in views}
        self._strip = Keys("", id="names", markup=False)
        self._names: Content | None = None

    def compose(self) -> ComposeResult:
        """Lay out the views' names and the views."""
        yield self._strip
        with Horizontal(id="places"):
            yield from self._places.values()

    def on_mount(self) -> None:
        """Put the first views on the desk."""
        self.lay_out()

    @property
    def current(self) -> View:
        """The view that the keys are for."""
        return self.views[self._recent[0]]

    @property
    def room(self) -> int:
        """How many views there is room for."""
        if self.large or self.screen.has_class("-narrow"):
            return 1
        return 3 if self.screen.has_class("-very-wide") else 2

    def open(self, name: str) -> None:
        """Make a view the current one, in place of the one asked for longest ago if it is not on the desk yet."""
        self._recent.remove(name)
        self._recent.insert(0, name)
        self.lay_out()

    def next(self) -> None:
        """Make the next view on the desk the current one."""
        shown = [name for name, place in self._places.items() if place.display]
        if len(shown) > 1:
            self.open(shown[(shown.index(self.current.NAME) + 1) % len(shown)])

    def lay_out(self) -> None:
        """Show as many views as there is room for."""
        shown = self._recent[: self.room]
        for name, place in self._places.items():
            if place.display != (name in shown):
                place.display = name in shown

    def show(self, scene: Scene) -> None:
        """Draw the views on the desk."""
        self.lay_out()
        self._draw_names()
        note = f"‖ held, {scene.index.passed:,} passed" if scene.index.held else ""
        for place in self._places.values():
            # A view that was put on the desk a moment ago has no size yet.
            if place.display and place.view.size:
                place.view.show(scene)
                place.head(note if place.view.PICKS else "", current=place.view is self.current)

    def _draw_names(self) -> None:
        parts = []
        for name, place in self._places.items():
            view = place.view
            before, letter, after = _split(view.TITLE, view.KEY)
            style = "$foreground" if place.display else "$foreground 60%"
            label = Content.assemble((before, style), (letter, "bold underline $footer-key-foreground"), (after, style))
            if name == self.current.NAME:
                label = label.stylize("bold")
            parts.append(label.stylize(Style.from_meta({"key": view.KEY})))
        large = Content.assemble(
            ("z", "bold $footer-key-foreground"), (" smaller" if self.large else " larger", "$foreground 60%")
        )
        parts.append(large.stylize(Style.from_meta({"key": "z"})))
        names = Content("  " if self.size.width > 80 else " ").join(parts)
        if names != self._names:
            self._names = names
            self._strip.update(names, layout=False)


def _split(title: str, key: str) -> tuple[str, str, str]:
    """Split a title at the letter that is its key."""
    place = title.lower().index(key)
    return title[:place], title[place], title[place + 1 :]

"""A view's place on the desk: its header, and the view."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.style import Style

from zmqtui.ui.key_bar import Keys
from zmqtui.ui.view import View


class Place(Vertical):
    """A view with its header: what it shows, and the keys it takes while it is the current one."""

    DEFAULT_CSS = """
    Place {
        height: 1fr;
        Keys { height: 1; background: $surface; text-wrap: nowrap; }
        View { height: 1fr; width: 1fr; }
    }
    """

    class Sized(Message):
        """The place was given its size, or another one."""

    def __init__(self, view: View) -> None:
        """Make the place of `view`."""
        super().__init__()
        self.view = view
        self.styles.width = f"{view.SHARE}fr"
        self._header = Keys("", markup=False)
        # What the header was drawn of.
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out header and view."""
        yield self._header
        yield self.view

    def on_resize(self) -> None:
        """Tell that there is room to draw in now."""
        self.post_message(self.Sized())

    def head(self, note: str, *, current: bool) -> None:
        """Draw the header.

        Args:
            note: What else there is to say, such as that the view is held.
            current: Whether the keys are for this view.
        """
        width = self._header.size.width
        drawn = (width, current, note, self.view.about)
        if drawn == self._shown:
            return
        self._shown = drawn
        title = Content.assemble(
            (f" {self.view.TITLE} ", "bold reverse $primary" if current else "bold $foreground 70%"),
            (f" {note} ·" if note else "", "$tone-waiting"),
            (f" {self.view.about}", "$foreground 70%"),
        ).stylize(Style.from_meta({"key": self.view.KEY}))
        keys = self._keys(width - title.cell_length - 2) if current else Content("")
        gap = max(1, width - title.cell_length - keys.cell_length - 1)
        header = Content.assemble(title, " " * gap, keys).truncate(max(width, 1), ellipsis=True)
        self._header.update(header, layout=False)

    def _keys(self, room: int) -> Content:
        """Return as many of the view's keys as `room` columns hold, each a button."""
        keys: list[Content] = []
        for key in self.view.KEYS:
            label = Content.assemble(
                (self.app.get_key_display(Binding(key.key, "")), "$footer-key-foreground"),
                (f" {key.label}", "$foreground 60%"),
            )
            room -= label.cell_length + 2
            if key.label and room >= 0:
                keys.append(label.stylize(Style.from_meta({"key": key.key})))
        return Content("  ").join(keys)

"""Messages: what is in each frame of the message that was picked, or of the newest one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from zmqtui.core.export.records import encode, header, line
from zmqtui.core.frames.formats import Format, copy
from zmqtui.core.frames.trees import DEEPEST
from zmqtui.ui.drawn import changed
from zmqtui.ui.view import Key, Scene, View
from zmqtui.ui.views.dissection import MOST, Dissection
from zmqtui.ui.views.message_head import head, nothing
from zmqtui.ui.views.seen import Seen, look
from zmqtui.ui.views.sheet import Sheet

_CLIPBOARD: Final = 256 * 2**10
"""Bytes of a message that are copied at most: few terminals take more."""


class Messages(View):
    """Every frame of one message, in the format that was asked for."""

    NAME = "messages"
    KEY = "m"
    TITLE = "Messages"
    HELP = (
        "Every frame of a message; again for the same bytes in another format: text, JSON, MessagePack, hex, escapes."
    )
    KEYS = (
        Key("equals_sign", "compare", "difference", "mark what differs from the message before of the same kind"),
        Key("plus", "unfold(1)", "unfold", "unfold one more level of JSON or MessagePack"),
        Key("minus", "unfold(-1)", "fold", "fold one level of JSON or MessagePack"),
    )
    PICKS = True
    SHARE = 2

    DEFAULT_CSS = """
    Messages {
        layout: vertical;
        #message-head { height: 2; padding: 0 1; text-wrap: nowrap; }
        #no-message { height: 1fr; content-align: center middle; text-align: center; color: $foreground 60%; }
        Sheet { height: 1fr; padding: 0 0 0 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._head = Static("", id="message-head", markup=False)
        self._sheet = Sheet()
        self._nothing = Static("", id="no-message", markup=False)
        self._wanted = Format.AUTO
        self._levels = 3
        self._comparing = True
        self._scene: Scene | None = None
        self._seen: Seen | None = None
        self._dissection: Dissection | None = None
        self._drawn: tuple[object, ...] = ()
        self._said: Content | None = None

    def compose(self) -> ComposeResult:
        """Lay out the header, the frames, and what is said while there is no message."""
        yield self._head
        yield self._sheet
        yield self._nothing

    def show(self, scene: Scene) -> None:
        """Draw the message that was picked, or else the selected instance's newest one."""
        self._scene = scene
        self.about = f"{self._wanted.value}, m: {self._wanted.after.value}"
        self._seen = seen = look(scene, self._seen)
        self._sheet.display = self._head.display = seen is not None
        self._nothing.display = seen is None
        if seen is None:
            self._say(self._nothing, nothing(scene))
            return
        self._say(self._head, head(scene, seen, self.size.width - 2, comparing=self._comparing))
        drawn = (seen.number, self._comparing, self._wanted, self._levels, self.size.width)
        if drawn != self._drawn:
            self._drawn = drawn
            self._draw(seen)

    def _draw(self, seen: Seen) -> None:
        before = seen.comparable if self._comparing else None
        # But for the margin and the scroll bar.
        width = max(self.size.width - 2, 10)
        self._dissection = Dissection(seen.event.frames, seen.parts(MOST), before, self._wanted, self._levels, width)
        self._sheet.put(self._dissection.rows())

    def _say(self, where: Static, what: Content) -> None:
        if changed(self._said, what):
            self._said = what
            where.update(what, layout=False)

    # Keys.

    def turn(self) -> None:
        """Read the same bytes in the next format."""
        self._wanted = self._wanted.after

    def action_compare(self) -> None:
        """Mark what differs from the message before, or leave it alone."""
        self._comparing = not self._comparing

    def action_unfold(self, step: int) -> None:
        """Unfold one more level of JSON or MessagePack, or fold one."""
        if self._dissection is None or not self._dissection.folds:
            return
        if step < 0:
            # Levels that nothing has need no key to fold.
            self._levels = min(self._levels, self._dissection.unfolded)
        self._levels = max(0, min(self._levels + step, DEEPEST))

    def page(self, step: int) -> None:
        """Scroll by `step` pages."""
        self._sheet.page(step)

    def copied(self) -> str:
        """Return the message's frames, one after the other, text as it is."""
        if self._seen is None:
            return ""
        texts, room = [], _CLIPBOARD
        for frame in self._seen.event.frames:
            if len(frame) > room:
                texts.append(f"… {len(frame):,} bytes, too many to copy")
                break
            room -= len(frame) + 1
            texts.append(copy(frame, self._wanted))
        return "\n".join(texts)

    def saved(self) -> tuple[str, Callable[[], str]] | None:
        """Return all that the index holds, as JSON Lines."""
        if self._scene is None:
            return None
        stage, index = self._scene.stage, self._scene.index
        first, end = index.bounds
        events, _ = index.read(first, end - first)
        if not events:
            return None
        # The window may reach back to an earlier run: then its first event is the beginning.
        origin = min(events[0].time, self._scene.history.began or events[0].time)
        names = {each.name for each in stage.instances}

        def written() -> str:
            begin = encode(header(stage, origin, "window", names)) + "\n"
            return begin + "".join([line(event, origin) for event in events])

        return f"{stage.pattern.name}.jsonl", written

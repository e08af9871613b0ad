"""The sentence below the views, which has the focus while nothing else wants it."""

from __future__ import annotations

from collections import deque

from textual.content import Content
from textual.events import Hide, Key
from textual.widgets import Static


class Sentence(Static, can_focus=True):
    """Says what is going on; it has the focus while nothing else wants it, so that moving about costs no restyling.

    Attributes:
        passed: The keys that came here last.
    """

    def __init__(self) -> None:
        super().__init__("", id="sentence", markup=False)
        self.passed: deque[Key] = deque(maxlen=64)
        self._said = ""

    def say(self, sentence: str, *, whole: bool) -> None:
        """Say something; what must be read to its end, as a `whole`, gets all the lines that takes."""
        if sentence != self._said:
            self._said = sentence
            self.set_class(whole, "-whole")
            self.update(Content.assemble(("◆ ", "$primary"), sentence), layout=whole)

    def on_hide(self, event: Hide) -> None:
        """Keep the focus though the terminal is too small: the next key may come before the next picture."""
        event.prevent_default()

    def on_key(self, event: Key) -> None:
        """Keep the key, to be told from those that were meant for an input, and pass it on.

        Nobody between here and the app takes keys: to bubble through all of them takes longer than what the key does.
        """
        self.passed.append(event)
        event.stop()
        self.app.post_message(event)

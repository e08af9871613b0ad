"""The app's own screen: what a key changes is drawn at once, and before what is to be drawn anyway."""

from __future__ import annotations

from asyncio import TimerHandle, get_running_loop
from time import monotonic

from textual.events import ScreenResume
from textual.screen import Screen
from textual.widget import Widget

from zmqtui.ui.compositor import ThriftyCompositor

MOMENT = 0.01
"""Seconds that a picture waits for a key that was just read; nearly every key is done by then."""


class QuickScreen(Screen[object]):
    """A screen that asks only the widgets that are seen, and does not let a key wait for a picture.

    Textual draws some turns of the loop after a widget has changed. A key that comes while a picture of much is due
    would wait for it, and then for its own.
    """

    def __init__(self) -> None:
        super().__init__(id="_default")
        self._compositor = ThriftyCompositor()
        self._held_until = 0.0
        self._held: TimerHandle | None = None
        self._resumed = False

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Make no styles anew the first time: all have just been made, one widget after the other."""
        event.refresh_styles = self._resumed
        self._resumed = True

    def expect(self) -> None:
        """Hold back what is to be drawn: a key is under way."""
        if not self._held:
            # One hold at a time: keys may come faster than that.
            self._held_until = monotonic() + MOMENT

    def go_on(self) -> None:
        """Draw what was held back, if anything was."""
        self._held_until = 0.0
        if self._held:
            self._on_timer_update()

    def draw_now(self, *widgets: Widget) -> None:
        """Draw what changed on `widgets`, and all else that is due, unless they need another layout first."""
        self._held_until = 0.0
        if any(widget._layout_required for widget in widgets):
            return
        for widget in widgets:
            # As they would ask for it when the loop comes to them.
            if widget._repaint_required:
                widget._repaint_required = False
                self._dirty_widgets.add(widget)
            if widget._scroll_required:
                widget._scroll_required = False
                self._scroll_required = True
        self._on_timer_update()

    def _on_timer_update(self) -> None:
        if self._held:
            self._held.cancel()
            self._held = None
        if (left := self._held_until - monotonic()) > 0:
            self._held = get_running_loop().call_later(left, self._let_go)
        else:
            super()._on_timer_update()

    def _let_go(self) -> None:
        try:
            self.go_on()
        except Exception as error:
            # As a timer does it.
            self.app._handle_exception(error)

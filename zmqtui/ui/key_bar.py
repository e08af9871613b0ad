"""The line of keys: what can be pressed now, each also a button.

Textual's own footer makes a widget for every key anew at each change of focus, which takes longer than a frame.
"""

from __future__ import annotations

from textual.content import Content
from textual.events import Click
from textual.screen import Screen
from textual.style import Style
from textual.widgets import Input, Static

from zmqtui.ui.drawn import changed


class Keys(Static):
    """Text of which parts press a key when they are clicked: those with a key in their style's meta."""

    async def on_click(self, event: Click) -> None:
        """Press the key that was clicked; an input that is open is left for it."""
        if key := event.style.meta.get("key"):
            if isinstance(self.screen.focused, Input):
                await self.app.run_action("app.home")
            self.app.simulate_key(key)


class KeyBar(Keys):
    """Shows the active keys in one line."""

    DEFAULT_CSS = """
    KeyBar {
        dock: bottom;
        height: 1;
        padding: 0 1;
        background: $footer-background;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._shown: Content | None = None
        self._narrow = False

    def on_mount(self) -> None:
        """Hear of changes."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def on_resize(self) -> None:
        """Have as many keys, and as far apart, as there is room for now."""
        if self._shown is not None and self._narrow != (self.app.size.width < 100):
            self._changed(self.screen)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is not self.screen or not screen.app.app_focus:
            return
        self._narrow = narrow = self.app.size.width < 100
        keys: list[Content] = []
        if isinstance(screen.focused, Input):
            keys = [
                Content.assemble((key, "bold $footer-key-foreground"), (f" {what}", "$foreground 80%"))
                for key, what in (("enter", "Apply"), ("esc", "Cancel"))
            ]
        for _, binding, enabled, _ in screen.active_bindings.values():
            if not binding.show or (narrow and binding.key == self.app.COMMAND_PALETTE_BINDING):
                continue
            key = (self.app.get_key_display(binding), "bold $footer-key-foreground" if enabled else "$foreground 40%")
            what = (f" {binding.description}", "$foreground 80%" if enabled else "$foreground 40%")
            label = Content.assemble(key, what).stylize(Style.from_meta({"key": binding.key}))
            # Help comes early, where no terminal is too narrow for it.
            place = min(len(keys), 1) if binding.action == "help" else len(keys)
            keys.insert(place, label)
        content = Content(" " if narrow else "  ").join(keys)
        if changed(self._shown, content):
            self._shown = content
            self.update(content, layout=False)

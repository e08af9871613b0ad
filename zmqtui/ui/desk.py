"""The desk of a tab: the views asked for last side by side, as many as there is room for, and one of them current."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingsMap, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widget import AwaitMount, Widget

from zmqtui.core.journal import Journal
from zmqtui.core.state import describe
from zmqtui.core.text import printable
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.files import save
from zmqtui.ui.key_bar import Keys
from zmqtui.ui.place import Place
from zmqtui.ui.view import Scene, View

SETTLING = 5
"""Frames after which a new layout has found its shape."""


class Desk(Vertical):
    """Shows views of one journal and its stage.

    Args:
        journal: What happened.
        selected: The instance that the keys are for.
        foot: What stands below the views; while it has the focus, the desk's keys work.

    Attributes:
        index: The journal's events.
        selected: The instance whose messages are stepped through.
        large: Whether the current view has all the room there is.
    """

    DEFAULT_CSS = """
    Desk {
        height: 1fr;
        #names { height: 1; text-wrap: nowrap; padding: 0 1; }
        #places { height: 1fr; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_view", "Next view", show=False, tooltip="Make the next view on the desk the current one"),
        Binding("v", "hold", "Hold", show=False, tooltip="Hold the views while the sockets run on, or let them go on"),
        Binding("left", "step(-1)", "Earlier", show=False, tooltip="Pick the message before, of the selected instance"),
        Binding("right", "step(1)", "Later", show=False, tooltip="Pick the next one; after the newest, follow again"),
        Binding("home", "oldest", "Oldest", show=False, tooltip="Pick the oldest message"),
        Binding("end", "newest", "Newest", show=False, tooltip="Follow the newest message"),
        Binding("pageup", "page(-1)", "Page up", show=False, tooltip="Scroll the current view back"),
        Binding("pagedown", "page(1)", "Page down", show=False, tooltip="Scroll the current view on"),
        Binding("y", "copy", "Copy", show=False, tooltip="Copy what the current view shows"),
        Binding("ctrl+s", "save", "Save", show=False, tooltip="Save what the current view shows in a new file here"),
    ]

    class Followed(Message):
        """An event was picked, and with it the desk's `selected`."""

    def __init__(self, journal: Journal, selected: str, *, foot: Widget) -> None:
        super().__init__(id="desk")
        self._foot = foot
        self.index = EventIndex(journal)
        self.selected = selected
        self.large = False
        self._kinds: dict[str, type[View]] = {}
        # The current one in front.
        self._recent: list[str] = []
        self._places: dict[str, Place] = {}
        # What was picked, and the same moment as the selected instance had it.
        self._anchor: int | None = None
        self._moment: int | None = None
        self._scene: Callable[[EventIndex, int | None], Scene] | None = None
        self._strip = Keys("", id="names", markup=False)
        # What the line of names was drawn of.
        self._names: tuple[object, ...] = ()
        self._unsettled = SETTLING

    def compose(self) -> ComposeResult:
        """Lay out the foot; what is above it follows."""
        yield self._foot

    async def furnish(self, views: Sequence[type[View]], first: Sequence[str]) -> None:
        """Lay out the views' names, and put the first views on the desk.

        Args:
            views: All views, in the order in which they stand side by side.
            first: The names of those on the desk at the beginning; the last one is the current one.
        """
        await self.mount(self._strip, Horizontal(id="places"), before=self._foot)
        self._kinds = {kind.NAME: kind for kind in views}
        self._recent = [*reversed(first), *(name for name in self._kinds if name not in first)]
        to_open = [
            Binding(kind.KEY, f"open('{name}')", kind.TITLE, show=False, tooltip=f"{kind.TITLE}: {kind.HELP}")
            for name, kind in self._kinds.items()
        ]
        own = {key.key: key for kind in views for key in kind.KEYS}
        in_view = [
            Binding(key.key, f"in_view('{key.key}')", key.label or key.help, show=False, tooltip=key.help)
            for key in own.values()
        ]
        self._bindings = BindingsMap.merge([BindingsMap(to_open), self._bindings, BindingsMap(in_view)])
        # All at once: whoever draws meanwhile must not add one a second time.
        for mounting in [self._add(name) for name in self._recent[: self.room]]:
            await mounting
        self.refresh_bindings()

    @property
    def current(self) -> View:
        """The view that the keys are for."""
        return self._places[self._recent[0]].view

    @property
    def room(self) -> int:
        """How many views there is room for."""
        if self.large or self.screen.has_class("-narrow"):
            return 1
        return 3 if self.screen.has_class("-very-wide") else 2

    def _add(self, name: str) -> AwaitMount:
        """Make a view's place; that is done when it is asked for first, so that the app starts at once."""
        place = self._places[name] = Place(self._kinds[name]())
        order = list(self._kinds)
        right = [each for each in order[order.index(name) + 1 :] if each in self._places]
        return self.query_one("#places").mount(place, before=self._places[right[0]] if right else None)

    def lay_out(self) -> None:
        """Show as many views as there is room for."""
        shown = self._recent[: self.room]
        for name in shown:
            if name not in self._places:
                self._add(name)
        for name, place in self._places.items():
            if place.display != (name in shown):
                place.display = name in shown

    def open(self, name: str) -> None:
        """Make a view the current one, in place of the one asked for longest ago if it is not on the desk yet."""
        self._recent.remove(name)
        self._recent.insert(0, name)
        self.lay_out()
        self.refresh_bindings()
        self.call_after_refresh(self._draw)

    # Looking.

    def select(self, instance: str) -> None:
        """Step through another instance's messages from here on; what is picked is the same moment, as that one had it.

        Args:
            instance: Its name.
        """
        if instance != self.selected:
            self.selected = instance
            if self._anchor is not None:
                self._moment = self.index.step(instance, self._anchor + 1, -1)

    def show(self, scene: Callable[[EventIndex, int | None], Scene]) -> None:
        """Take in what is new and draw the views on the desk.

        Args:
            scene: Makes the scene of an index and a picked event's number.
        """
        self._scene = scene
        self.index.pull()
        self._draw()

    @on(Place.Sized)
    @on(View.Redraw)
    def _settle(self) -> None:
        """Have the next frames drawn too: what a view is made of is laid out after the view itself."""
        self._unsettled = SETTLING
        self._draw()

    @property
    def settled(self) -> bool:
        """Whether the layout has found its shape."""
        return self._unsettled <= 0

    def rest(self) -> None:
        """Take a frame for drawn, in which the stage was at rest."""
        self._unsettled -= 1

    def glance(self) -> None:
        """Draw now and then while the stage is at rest."""
        self._draw()

    def _draw(self) -> None:
        if self._scene is None or not self._kinds:
            return
        self.lay_out()
        self._draw_names()
        scene = self._scene(self.index, self._moment)
        note = ""
        if self.index.held:
            note = f"‖ held {self.index.holding:,} lines · {self.index.passed:,} passed"
        for place in self._places.values():
            # A view that was put on the desk a moment ago has no size yet.
            if place.display and place.view.size:
                place.view.show(scene)
                place.head(note if place.view.PICKS else "", current=place.view is self.current)

    def _draw_names(self) -> None:
        current = self._recent[0]
        on = frozenset(name for name, place in self._places.items() if place.display)
        drawn = (current, on, self.large, self.size.width > 80)
        if drawn == self._names:
            return
        self._names = drawn
        parts = []
        for name, kind in self._kinds.items():
            before, letter, after = _split(kind.TITLE, kind.KEY)
            style = "$foreground" if name in on else "$foreground 60%"
            label = Content.assemble((before, style), (letter, "bold underline $footer-key-foreground"), (after, style))
            if name == current:
                label = label.stylize("bold")
            parts.append(label.stylize(Style.from_meta({"key": kind.KEY})))
        what = " smaller" if self.large else " larger"
        large = Content.assemble(("z", "bold $footer-key-foreground"), (what, "$foreground 60%"))
        parts.append(large.stylize(Style.from_meta({"key": "z"})))
        self._strip.update(Content("  " if self.size.width > 80 else " ").join(parts), layout=False)

    # Doing.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the keys that mean something in the current view."""
        if not self._kinds:
            return False
        kind = self._kinds[self._recent[0]]
        match action:
            case "in_view":
                return any(key.key == parameters[0] for key in kind.KEYS) or bool(self._whose(str(parameters[0])))
            case "step" | "oldest" | "newest":
                return kind.PICKS
        return True

    def action_open(self, name: str) -> None:
        """Make a view the current one; the one that is current already shows its other face."""
        if name == self._recent[0]:
            self.current.turn()
            self.call_next(self._draw)
        else:
            self.open(name)

    def action_next_view(self) -> None:
        """Make the next view on the desk the current one."""
        shown = [name for name in self._kinds if name in self._places and self._places[name].display]
        if len(shown) > 1:
            self.open(shown[(shown.index(self._recent[0]) + 1) % len(shown)])

    async def action_in_view(self, key: str) -> None:
        """Have the current view do what it does at `key`, or the view whose key it is anywhere."""
        if (name := self._whose(key)) and name != self._recent[0]:
            self.open(name)
        for each in self.current.KEYS:
            if each.key == key:
                await self.current.run_action(each.action)
        self.call_next(self._draw)

    def _whose(self, key: str) -> str:
        """Return the name of the view that takes a key anywhere, or nothing."""
        return next(
            (name for name, kind in self._kinds.items() for each in kind.KEYS if each.anywhere and each.key == key), ""
        )

    def action_hold(self) -> None:
        """Hold the views while the sockets run on, or let them go on."""
        self.index.hold(not self.index.held)
        self.call_next(self._draw)

    def go_on(self) -> None:
        """Let the views go on, if they are held."""
        if self.index.held:
            self.action_hold()

    def action_step(self, step: int) -> None:
        """Pick an earlier or a later message of the selected instance; past the newest, follow again."""
        self._pick(self.index.step(self.selected, self._moment, step))

    def action_oldest(self) -> None:
        """Pick the oldest message."""
        self._pick(next(iter(self.index.messages(self.selected)), None))

    def action_newest(self) -> None:
        """Follow the newest message."""
        self.current.newest()
        self._pick(None)

    @on(View.Picked)
    def _picked(self, event: View.Picked) -> None:
        event.stop()
        event.taken = True
        chosen = self.index.get(event.number) if event.number is not None else None
        if chosen and chosen.instance:
            self.selected = chosen.instance
            self.post_message(self.Followed())
        self._pick(event.number)

    def _pick(self, number: int | None) -> None:
        self._anchor = self._moment = number
        self.call_next(self._draw)

    def action_page(self, step: int) -> None:
        """Scroll the current view by a page."""
        self.current.page(step)

    def action_copy(self) -> None:
        """Copy what the current view shows."""
        if text := self.current.copied():
            self.app.copy_to_clipboard(text)
            self.notify(f"{self.current.TITLE}: {len(text):,} characters copied.", markup=False)
        else:
            self._refuse(f"{self.current.TITLE}: there is nothing to copy.")

    def action_save(self) -> None:
        """Save what the current view shows in a new file in the working directory."""
        if content := self.current.saved():
            self.run_worker(self._save(*content), exit_on_error=False)
        else:
            self._refuse(f"{self.current.TITLE}: there is nothing to save.")

    async def _save(self, name: str, content: str | Callable[[], str]) -> None:
        try:
            path = await asyncio.to_thread(lambda: save(name, content() if callable(content) else content))
        except OSError as error:
            self._refuse(f"Not saved: {error.strerror or error}. Start zmqtui in a folder that you may write to.")
        except Exception as error:
            self._refuse(f"Not saved: {describe(error)}")
        else:
            self.notify(printable(f"Saved as {path}", 300), markup=False)

    def _refuse(self, text: str) -> None:
        self.notify(printable(text, 300), severity="error", markup=False)


def _split(title: str, key: str) -> tuple[str, str, str]:
    """Split a title at the letter that is its key."""
    place = title.lower().index(key)
    return title[:place], title[place], title[place + 1 :]

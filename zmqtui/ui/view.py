"""What every view of a tab is: a way to look at a stage, with a key that puts it on the desk and keys of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from zmqtui.core.watch import Figure, StageView
from zmqtui.ui.event_index import EventIndex

if TYPE_CHECKING:
    from zmqtui.core.books.history import History
    from zmqtui.core.threads.pointer import Pointer


@dataclass(eq=False, repr=False)
class Scene:
    """What there is to see in one frame.

    Attributes:
        stage: The stage as it stands.
        figures: The pattern's figures by instance; its own under the empty name.
        selected: The instance that the keys are for.
        picked: The number of the event that was picked, or None while the views follow the newest.
        index: The journal's events; it stands still while the views are held.
        history: Counts over time.
        pointers: Returns where each running instance's thread stands in its role function now, by instance.
        ranks: The place of each instance's role in the pattern, for its colour.
    """

    stage: StageView
    figures: Mapping[str, Sequence[Figure]]
    selected: str
    picked: int | None
    index: EventIndex
    history: History
    pointers: Callable[[], Mapping[str, Pointer]]
    ranks: Mapping[str, int]


class Key(NamedTuple):
    """A key that a view takes while it is the current one.

    Attributes:
        key: Textual's name for it.
        action: The view's method, as an action such as ``zoom(1)``: ``action_zoom`` is called.
        label: One or two words for the view's header; empty for a key that is not shown there.
        help: One line for the help panel.
        anywhere: Whether it makes the view the current one where it is not.
    """

    key: str
    action: str
    label: str
    help: str
    anywhere: bool = False


class View(Widget, can_focus=False):
    """One way to look at a stage. Made once for each tab; drawn only while it is on the desk.

    Attributes:
        NAME: Its name, one word in lower case.
        KEY: The key that puts it on the desk: a letter of its title.
        TITLE: What it is called.
        HELP: One line for the help panel.
        KEYS: The keys it takes while it is the current view.
        SIGNS: The signs it draws and what they mean, for the help panel.
        PICKS: Whether ``←`` and ``→`` step through messages while it is current.
        SHARE: How much of the width it asks for beside others.
    """

    NAME: ClassVar[str]
    KEY: ClassVar[str]
    TITLE: ClassVar[str]
    HELP: ClassVar[str]
    KEYS: ClassVar[tuple[Key, ...]] = ()
    SIGNS: ClassVar[tuple[tuple[str, str], ...]] = ()
    PICKS: ClassVar[bool] = False
    SHARE: ClassVar[int] = 1

    about: reactive[str] = reactive("", repaint=False)
    """What it shows now, for its header: plain text that has passed `printable`."""

    class Selected(Message):
        """An instance was selected in a view."""

        def __init__(self, instance: str) -> None:
            self.instance = instance
            super().__init__()

    class Picked(Message):
        """An event was picked in a view; None goes back to the newest.

        Attributes:
            number: The event's number.
            taken: Whether the desk knows of it: what it draws from then on has this one picked, or a later one.
        """

        def __init__(self, number: int | None) -> None:
            self.number = number
            self.taken = False
            super().__init__()

    class Redraw(Message):
        """There is something new to draw though nothing happened on the stage, which at rest nobody looks at."""

    def show(self, scene: Scene) -> None:
        """Draw what changed. Called up to 15 times a second, only while the view is on the desk."""
        raise NotImplementedError

    def turn(self) -> None:
        """Show the other face: the view's own key was pressed while it was the current one."""

    def page(self, step: int) -> None:
        """Scroll by `step` pages."""

    def newest(self) -> None:
        """Follow the newest again, however it was scrolled."""

    def copied(self) -> str:
        """Return the text that ``y`` copies; nothing if there is nothing to copy."""
        return ""

    def saved(self) -> tuple[str, str | Callable[[], str]] | None:
        """Return the name and the content of the file that ``ctrl+s`` saves, if there is something to save.

        Content that takes long to write is a function: it is called in a thread, and must not touch the screen.
        """
        return None

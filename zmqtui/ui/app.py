"""The app: a strip of tabs, one pane each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingsMap, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Event, Key
from textual.reactive import reactive
from textual.screen import Screen
from textual.style import Style
from textual.widgets import ContentSwitcher, Input, Static

from zmqtui.core.collector import collect_seldom
from zmqtui.core.limits import Limits
from zmqtui.core.stage import Stage
from zmqtui.ui.commands import PlaygroundCommands
from zmqtui.ui.drawn import changed
from zmqtui.ui.exposure import SIGN, Exposure, open_at
from zmqtui.ui.key_bar import KeyBar, Keys
from zmqtui.ui.pane import Pane
from zmqtui.ui.screen import QuickScreen
from zmqtui.ui.signs import rate
from zmqtui.ui.terminal_app import TerminalApp
from zmqtui.ui.themes import DARK, LIGHT, meanings


class Playground(TerminalApp):
    """The playground. The first picture comes early; what it lacks follows, and with that the keys typed meanwhile.

    Args:
        stages: One for each tab.
        first: The name of the pattern whose tab to show first.
        start: Whether to start that tab at once.
        theme: The name of a theme.

    Attributes:
        furnished: Whether everything of the first tab is there.
    """

    CSS_PATH = Path(__file__).with_name("app.tcss")
    AUTO_FOCUS = None
    TITLE = "zmqtui"
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (40, "-narrow"), (100, "-wide"), (170, "-very-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (12, "-low"), (18, "-short"), (30, "-tall")]  # noqa: RUF012
    COMMANDS = App.COMMANDS | {PlaygroundCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("ctrl+p", "command_palette", "Palette", key_display="^p", priority=True),
        Binding("L", "limits", "Limits", show=False, tooltip="Change the limits on what a peer may cost"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, priority=True, tooltip="Suspend; fg comes back"),
    ]

    shown: reactive[str] = reactive("", init=False)
    """The name of the pattern on view."""

    def __init__(
        self, stages: Sequence[Stage], *, first: str = "", start: bool = False, theme: str | None = None
    ) -> None:
        super().__init__()
        self.stages = tuple(stages)
        self._first = first or self.stages[0].pattern.name
        self._start = start
        self._tabs = Keys("", id="tabs", markup=False)
        self._traffic = Static("", id="traffic", markup=False)
        self._exposure = Exposure()
        self._panes: dict[str, Pane] = {}
        self.furnished = False
        self._early: list[Key] = []
        self._strip: Content | None = None
        # What the strip was drawn of.
        self._rested: tuple[object, ...] = ()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme or DARK.name
        keys = [
            Binding(str(number), f"show('{stage.pattern.name}')", stage.pattern.title, show=False)
            for number, stage in enumerate(self.stages, 1)
        ]
        self._bindings = BindingsMap.merge([self._bindings, BindingsMap(keys)])

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give the colours that carry meaning a value in every theme."""
        return meanings(dark=self.current_theme.dark)

    def refresh_css(self, animate: bool = True) -> None:
        """Take the theme's colours; before there is a screen that is all, the style sheets are read for it anyway."""
        if self.screen_stack:
            super().refresh_css(animate=animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    def compose(self) -> ComposeResult:
        """Lay out tabs, panes and keys."""
        # As Textual does at the first resize; now it does not cost a second round of styles.
        for length, steps in (
            (self.size.width, self.HORIZONTAL_BREAKPOINTS),
            (self.size.height, self.VERTICAL_BREAKPOINTS),
        ):
            self.screen.add_class(max(step for step in steps if step[0] <= length)[1])
        with Horizontal(id="strip"):
            yield self._tabs
            yield self._traffic
        yield self._exposure
        yield ContentSwitcher(self._make(self._first), initial=f"pane-{self._first}")
        yield KeyBar()

    def on_mount(self) -> None:
        """Show the first tab."""
        self.set_interval(1 / 4, self._draw_strip)
        self.shown = self._first
        self.call_after_refresh(self._furnish)

    def _make(self, name: str) -> Pane:
        """Make a tab's pane; that is done when it is shown for the first time, so that the app starts at once."""
        stage = next(stage for stage in self.stages if stage.pattern.name == name)
        pane = self._panes[name] = Pane(stage)
        return pane

    async def _furnish(self) -> None:
        """Lay out what the first picture lacked."""
        await self.mount(Static("Make the terminal larger: 40 × 12 at least.", id="too-small", markup=False))
        await self.pane.furnish()
        if self._start:
            self.pane.action_on_off()
        # What is here now stays, and frames make no cycles either.
        collect_seldom()
        # In the queue that the keys come through, so that none overtakes another.
        self.call_later(self._begin)

    async def _begin(self) -> None:
        """Take keys from now on, and first those that were typed before."""
        self.furnished = True
        early, self._early = self._early, []
        for key in early:
            await self.on_event(key)

    async def on_event(self, event: Event) -> None:
        """Keep keys until there is somebody to take them.

        Those that were under way when an input got the focus go to the input, and not to the roles. After the one that
        ends the app they are nobody's: there is nothing to open any more. Nor is there anything for them to do where
        nobody sees what they do.
        """
        if isinstance(event, Key) and self._exit:
            return
        if isinstance(event, Key) and not self.furnished:
            self._early.append(event)
            return
        if isinstance(event, Key) and event.is_forwarded and isinstance(self.focused, Input):
            under_way = any(event is each for each in self.pane.sentence.passed)
            if under_way:
                self.focused.post_message(Key(event.key, event.character))
                return
        if isinstance(event, Key) and event.is_forwarded and self._too_small and self.focused is self.pane.sentence:
            return
        # Where nobody takes keys they come a second time, which is when they are done.
        done = isinstance(event, Key) and (event.is_forwarded or self.focused is not self.pane.sentence)
        await super().on_event(event)
        if done and isinstance(self.screen, QuickScreen):
            self.screen.go_on()

    @property
    def _too_small(self) -> bool:
        """Whether there is room for nothing but saying so; known before anything is laid out for another size."""
        width, height = (steps[1][0] for steps in (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS))
        return self.size.width < width or self.size.height < height

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer what Textual offers, but for what is done otherwise here: the room a view has, and help."""
        for command in super().get_system_commands(screen):
            if command.title not in ("Maximize", "Minimize", "Keys"):
                yield command

    def deliver_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str | None:
        """Save a screenshot where the app saves all else: not everybody has the folder for downloads it would go to."""
        return super().deliver_screenshot(filename, path or str(Path.cwd()), time_format)

    async def on_unmount(self) -> None:
        """Stop every stage; the terminal is given back meanwhile."""
        for end in (Stage.stop, Stage.settle):
            await asyncio.gather(*(asyncio.to_thread(end, stage) for stage in self.stages))

    @property
    def pane(self) -> Pane:
        """The tab on view."""
        return self._panes[self.shown or self._first]

    def watch_shown(self, name: str) -> None:
        """Put another tab on view; it has its pane."""
        self.query_one(ContentSwitcher).current = f"pane-{name}"
        self._draw_strip()
        self.pane.action_cards()

    def action_home(self) -> None:
        """Leave whatever input is open."""
        self.pane.action_cards()

    async def action_show(self, name: str) -> None:
        """Show the tab of the pattern called `name`."""
        if name not in self._panes:
            pane = self._make(name)
            pane.display = False
            await self.query_one(ContentSwitcher).mount(pane)
            await pane.furnish()
        self.shown = name

    def action_help(self) -> None:
        """Show the help panel."""
        from zmqtui.ui.desk import Desk
        from zmqtui.ui.help import Help
        from zmqtui.ui.views import VIEWS

        keys: dict[str, list[tuple[str, str]]] = {"Roles": [], "Views": [], "Everywhere": []}
        for node, binding, _, _ in self.screen.active_bindings.values():
            if text := binding.tooltip or (binding.show and binding.description):
                section = {Pane: "Roles", Desk: "Views"}.get(type(node), "Everywhere")
                keys[section].append((self.get_key_display(binding), text))
        signs = {view.TITLE: view.SIGNS for view in VIEWS if view.SIGNS}
        self.push_screen(Help(self.pane.pattern, keys, signs))

    def action_limits(self) -> None:
        """Show the limits on what a peer may cost, to be changed."""
        from zmqtui.ui.limits import LimitsDialog

        def give(limits: Limits) -> None:
            for stage in self.stages:
                stage.limits = limits

        self.push_screen(LimitsDialog(self.pane.stage.limits, give))

    def action_start_all(self) -> None:
        """Start every pattern."""
        for stage in self.stages:
            self.pane.do(stage.start)

    def action_stop_all(self) -> None:
        """Stop every pattern."""
        for stage in self.stages:
            self.pane.do(stage.stop)

    def _draw_strip(self) -> None:
        stage, narrow = self.pane.stage, self.size.width < 100
        places = [(each.running, each.transport, *each.addresses.values()) for each in self.stages]
        rests = (self.shown, narrow, *places)
        if rests == self._rested and not stage.running:
            return
        self._rested = rests
        brand = Content.styled(" zmqtui" if narrow else " zmqtui ", "bold $primary")
        parts = [brand.stylize(Style.from_meta({"key": self.COMMAND_PALETTE_BINDING}))]
        for number, each in enumerate(self.stages, 1):
            pattern = each.pattern
            dot = "  "
            if each.running:
                dot = f" {SIGN}" if open_at(each) else " ●"
            style = "bold reverse" if pattern.name == self.shown else "$foreground 70%"
            label = Content.assemble(
                (f" {number} {pattern.short if narrow else pattern.title}", style), (f"{dot} ", style)
            )
            parts.append(label.stylize(Style.from_meta({"key": str(number)})))
        strip = Content("").join(parts)
        if changed(self._strip, strip):
            self._strip = strip
            self._tabs.update(strip, layout=False)
        self._exposure.show(self.stages)
        total = self.pane.rate if stage.running else 0.0
        where = stage.transport if narrow else f"{stage.transport} {self._where(stage)}".rstrip()
        traffic = " · ".join(filter(None, [where, rate(total).replace("/s", " msg/s")]))
        if str(self._traffic.content) != traffic:
            self._traffic.update(traffic, layout=False)

    def _where(self, stage: Stage) -> str:
        places = [address.partition("://")[2] for address in stage.addresses.values()]
        if stage.transport != "tcp":
            return ""
        host = places[0].rpartition(":")[0]
        return f"{host}:" + ",".join(place.rpartition(":")[2] for place in places)

"""One tab: it plays a stage and shows what it does. The only widget that knows both the engine and the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingsMap, BindingType
from textual.containers import Vertical
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Button

from zmqtui.core.model import TRANSPORTS, BadInput
from zmqtui.core.stage import Stage
from zmqtui.core.state import State, describe
from zmqtui.core.text import printable
from zmqtui.core.watch import Figure, InstanceView, StageView
from zmqtui.ui.card import Card
from zmqtui.ui.cards import Cards
from zmqtui.ui.controls import Controls
from zmqtui.ui.desk import Desk
from zmqtui.ui.dialogs import Confirm
from zmqtui.ui.field import Field
from zmqtui.ui.figures import Figures
from zmqtui.ui.place import Place
from zmqtui.ui.screen import QuickScreen
from zmqtui.ui.sentence import Sentence
from zmqtui.ui.view import Scene, View

FRAMES = 15
"""Times a second at which a visible tab looks at its stage."""
REST = 1.0
"""Seconds from one look to the next while the stage is at rest."""
COUNTS = 2
"""Frames from one look at the counts to the next: half of the pictures are of the desk alone, at half the cost."""
BLUR = 1000
"""Messages a second from which nobody can follow them: then every third frame is left out."""
CALM = 4
"""Frames between two changes of the sentence, so that it can be read."""


class Pane(Vertical):
    """Plays one pattern.

    Attributes:
        furnished: Whether everything is there; until then it shows the cards and takes no keys.
        rate: Messages a second that all roles together sent of late.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "on_off", "On/off", tooltip="Start or stop every role"),
        Binding("a", "add", "Add", tooltip="Add an instance of the selected role"),
        Binding("d", "remove", "Drop", tooltip="Take the selected instance off the stage"),
        Binding("k", "kill", "Kill", tooltip="End the selected instance at once; what is in its queues is lost"),
        Binding("r", "revive", "Restart", tooltip="Start the selected instance anew"),
        Binding("p", "pause", "Pause", tooltip="Hold the selected instance, or let it go on; its sockets stay"),
        Binding("f", "own", "Value", tooltip="Edit the selected instance's own value"),
        Binding("o", "free_port", "Other port", tooltip="Run on a free port"),
        Binding("e", "edit", "Edit", tooltip="Edit the knobs"),
        Binding("t", "transport", "Transport", show=False, tooltip="Run on the next transport"),
        Binding("x", "reset", "Reset", show=False, tooltip="Forget all counts and events and begin again"),
        Binding("up", "select(-1)", "Previous card", show=False),
        Binding("down", "select(1)", "Next card", show=False),
        Binding("escape", "cards", "Back to the cards", show=False),
        Binding("z", "enlarge", "Larger", show=False, tooltip="Give the current view all the room, or share it again"),
    ]

    # What repaints a container repaints all that is in it: the cards are drawn by themselves.
    selected: reactive[str] = reactive("", repaint=False)
    """The instance that the keys are for."""
    editing: reactive[bool] = reactive(False, toggle_class="-editing-knobs")
    """Whether the knobs are unfolded where there is little room."""
    large: reactive[bool] = reactive(False, toggle_class="-large")
    """Whether the current view has all the room there is."""
    _stranded: reactive[bool] = reactive(False, repaint=False, bindings=True)
    """Whether somebody's port is in use."""

    def __init__(self, stage: Stage) -> None:
        """Make the tab of `stage`."""
        super().__init__(id=f"pane-{stage.pattern.name}")
        self.stage = stage
        self.pattern = stage.pattern
        self.furnished = False
        self._rest: Timer | None = None
        self._frame = self._ticks = 0
        self.rate = 0.0
        # Where the cards were scrolled to last for the selected one.
        self._stands = 0.0
        self._moving = True
        self._seen: tuple[StageView, dict[str, list[Figure]]] | None = None
        self._controls = Controls(self.pattern, stage.transport)
        first = stage.view().instances
        self._cards = Cards(self.pattern, first)
        self._figures = Figures(self.pattern.gate)
        self.sentence = Sentence()
        self.desk = Desk(stage.journal, first[0].name, foot=self.sentence)
        self.set_reactive(Pane.selected, first[0].name)
        # The pattern's own keys: its gate and its actions.
        keys = [
            Binding(each.key, f"act('{each.key}')", each.label.split()[0].capitalize(), tooltip=each.label)
            for each in self.pattern.actions
        ]
        if gate := self.pattern.gate:
            keys.append(Binding(gate.key, "press", gate.label.split()[-1].capitalize(), tooltip=gate.label))
        # The pattern's own come first: where the line of keys is short, its end is cut off.
        self._bindings = BindingsMap.merge([BindingsMap(self.BINDINGS[:1]), BindingsMap(keys), self._bindings])

    def compose(self) -> ComposeResult:
        """Lay out controls, cards, figures and the desk, with the sentence below it."""
        yield self._controls
        yield self._cards
        yield self._figures
        yield self.desk

    async def furnish(self) -> None:
        """Lay out what takes longer than a first picture may: the controls and the views."""
        from zmqtui.ui.views import FIRST, VIEWS

        await self._controls.furnish()
        await self.desk.furnish(VIEWS, FIRST)
        self.furnished = True
        self.pump()

    def on_mount(self) -> None:
        """Begin to look at the stage."""
        self._frames = self.set_interval(1 / FRAMES, self._tick)
        self._glances = self.set_interval(REST, self._glance)
        self.pump()

    def on_show(self) -> None:
        """Look again."""
        self._glances.resume()
        self._wake()
        self.pump()

    def on_resize(self) -> None:
        """Draw for the room there is now."""
        self.call_after_refresh(self.pump)

    def on_hide(self) -> None:
        """Rest while nobody sees it; the sockets run on."""
        self._glances.pause()
        self._frames.pause()
        if self.display:
            # The terminal is too small: an input would lose the focus to nobody.
            self._leave_inputs()

    # Looking.

    def _tick(self) -> None:
        """Look while there is something to see: a stage at rest changes only when somebody does something."""
        self._ticks += 1
        if self._rest or (self.rate >= BLUR and self._ticks % 3 == 0):
            # Where a key is under way, all is drawn once that is done.
            return
        if self.stage.running or self._moving or not self.desk.settled:
            self.pump(counts=self._frame % COUNTS == 0)
            if not self.stage.running:
                self.desk.rest()
        else:
            self._frames.pause()

    def _glance(self) -> None:
        """Look now and then: whoever wakes up fifteen times a second for nothing costs for nothing."""
        if self.stage.running:
            self._wake()
        else:
            self.desk.glance()

    @on(Place.Sized)
    @on(View.Redraw)
    def _wake(self) -> None:
        """Have frames again, until there is nothing more to see."""
        if self.display:
            self._frames.resume()

    def pump(self, *, counts: bool = True) -> None:
        """Look at the stage and draw what changed.

        Args:
            counts: Whether to draw what is above the desk too, though the stage runs.
        """
        if not self.is_attached or not self.display:
            return
        # Asked first: what is counted between the two is on the next view.
        self._moving = not self.stage.settled
        view = self.stage.view()
        if view.running:
            self._wake()
        self.rate = sum(each.sent_rate for each in view.instances)
        self._frame += 1
        figures = self._figures_of(view)
        self._seen = view, figures
        if counts or not view.running:
            self._show_counts(view, figures)
        ranks = {role.name: number for number, role in enumerate(self.pattern.roles)}
        self.desk.show(
            lambda index, picked: Scene(
                stage=view,
                figures=figures,
                selected=self.selected,
                picked=picked,
                index=index,
                history=self.stage.history,
                pointers=self.stage.pointers,
                ranks={each.name: ranks[each.role] for each in view.instances},
            ),
        )
        self._stranded = any(each.port_in_use for each in view.instances)
        if self._frame % CALM == 1 or not view.running:
            trouble = self._trouble(view)
            self.sentence.say(trouble or self._now(view), whole=bool(trouble))

    def _show_counts(self, view: StageView, figures: Mapping[str, Sequence[Figure]]) -> None:
        before = self._cards.names
        self._show_cards(view, figures)
        if self.selected not in self._cards.names:
            self.selected = self._next_to(self.selected, before)
        if self.furnished:
            self._controls.show(view)
        self._figures.show(view, figures.get("", ()))

    def _next_to(self, gone: str, before: Sequence[str]) -> str:
        """Return whom the keys are for when the selected instance is gone: the next of its role, or the last."""
        names = self._cards.names
        mine = [name for name in names if self._role_of(name) == self._role_of(gone)]
        behind = before[before.index(gone) :] if gone in before else ()
        return next((name for name in mine if name in behind), (mine or names)[-1])

    def _figures_of(self, view: StageView) -> dict[str, list[Figure]]:
        figures: dict[str, list[Figure]] = {}
        for figure in self.stage.figures(view):
            figures.setdefault(figure.instance, []).append(figure)
        return figures

    def _show_cards(
        self, view: StageView, figures: Mapping[str, Sequence[Figure]], only: Sequence[str] | None = None
    ) -> None:
        history = self.stage.history if only is None else None
        self._cards.show(view, figures, self.selected, brief=self._cramped, history=history, only=only)

    @property
    def _narrow(self) -> bool:
        return self.screen.has_class("-narrow")

    @property
    def _cramped(self) -> bool:
        return self._narrow or not self.screen.has_class("-tall")

    def _trouble(self, view: StageView) -> str:
        """Say what went wrong and what to do about it; nothing where all is well."""
        if view.halted:
            return f"{view.halted[:1].upper()}{printable(view.halted[1:], 300)}. space starts it anew."
        for each in view.instances if view.running else ():
            if each.port_in_use:
                return f"{each.name}: {printable(each.status.detail)}. o runs on a free port."
            if each.state in (State.FAILED, State.STUCK):
                return f"{each.name} {each.state.value}: {printable(each.status.detail)}. r restarts it."
        return ""

    def _now(self, view: StageView) -> str:
        """Say in one sentence what is going on."""
        if view.running:
            return self.stage.sentence(view)
        ran = any(each.life for each in view.instances)
        return "Stopped. space starts it anew, x forgets what was counted." if ran else "Ready: space starts it."

    def watch_selected(self, before: str, selected: str) -> None:
        """Mark the selected card."""
        self.desk.select(selected)
        if not self.is_mounted:
            return
        if self._seen:
            self._show_cards(*self._seen, (before, selected))
        # Both in one picture; the card that is picked may be another size after it.
        self._reveal()
        self.call_after_refresh(self._reveal)
        # First the cards are on the screen, then comes the rest.
        if self._rest is None:
            self._rest = self.set_timer(1 / FRAMES, self._show_rest)
        cards = [card for name in (before, selected) if (card := self._cards.card(name))]
        if isinstance(self.screen, QuickScreen):
            self.screen.draw_now(self._cards, *cards, *(part for card in cards for part in card.children))

    def _reveal(self) -> None:
        """Scroll to the selected card if it is out of sight."""
        card = self._cards.card(self.selected)
        if card and not self._cards.region.contains_region(card.region):
            card.scroll_visible(animate=False, immediate=True)
        self._stands = self._cards.scroll_y

    @on(Cards.Grown)
    def _cards_grown(self) -> None:
        """Follow the selected card, unless somebody has scrolled since."""
        if self._cards.scroll_y == self._stands:
            self._reveal()

    def _show_rest(self) -> None:
        """Draw what another selection changes beside the cards."""
        self._rest = None
        self.refresh_bindings()
        self.pump()
        if self.display:
            # Resetting it resumes it, too.
            self._frames.reset()

    # Doing.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the keys that mean something here."""
        role = self._role_of(self.selected)
        match action:
            case "own":
                return self._cards.own_knob(role) is not None
            case "add" | "remove":
                return True if self.pattern.role(role).most > 1 else None
            case "free_port":
                return self._stranded
            case "act":
                return (
                    True
                    if any(each.role == role and each.key == parameters[0] for each in self.pattern.actions)
                    else None
                )
        return True

    def _role_of(self, instance: str) -> str:
        return next(
            role.name
            for role in self.pattern.roles
            if instance in (role.name, f"{role.name}-{instance.rpartition('-')[2]}")
        )

    def do(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Have the engine do something, off the screen's thread; what it refuses is said."""
        self.run_worker(self._do(function, *arguments), exit_on_error=False)

    async def _do(self, function: Callable[..., Any], *arguments: Any) -> None:
        try:
            await asyncio.to_thread(function, *arguments)
        except BadInput as error:
            self.refuse(str(error))
        except Exception as error:
            self.refuse(describe(error))
        if self.is_attached:
            self.pump()

    def refuse(self, text: str) -> None:
        """Say why something cannot be."""
        self.notify(printable(text, 300), severity="error", markup=False)

    def action_on_off(self) -> None:
        """Start or stop the stage."""
        # As the button says it: who presses it while the stage is stopping wants it to start.
        self.do(self.stage.stop if self.stage.view().running else self.stage.start)

    def action_reset(self) -> None:
        """Forget all counts and events, those that are held, too; go on if it was running."""
        self.desk.go_on()
        self.do(self.stage.reset)

    def action_add(self) -> None:
        """Add an instance of the selected role."""
        self.do(self.stage.add, self._role_of(self.selected))

    def action_remove(self) -> None:
        """Take the selected instance off the stage."""
        self.do(self.stage.remove, self.selected)

    def action_kill(self) -> None:
        """End the selected instance."""
        self.do(self.stage.kill, self.selected)

    def action_revive(self) -> None:
        """Start the selected instance anew."""
        self.do(self.stage.revive, self.selected)

    def action_pause(self) -> None:
        """Hold the selected instance or let it go on."""
        instance = self._view_of(self.selected)
        if instance and instance.alive:
            self.do(self.stage.resume if instance.paused else self.stage.pause, self.selected)

    def _view_of(self, name: str) -> InstanceView | None:
        return self.stage.view().instance(name)

    def action_press(self) -> None:
        """Press the gate's button; before the start, that is too early and shows what happens."""
        self.stage.press()
        if not self.stage.running:
            self.do(self.stage.start)

    def action_act(self, key: str) -> None:
        """Have the selected instance do one of the pattern's actions."""
        for action in self.pattern.actions:
            if action.key == key:
                self.do(self.stage.act, self.selected, action.function)

    def action_free_port(self) -> None:
        """Run on free ports where others are in use."""
        self.do(self.stage.use_free_ports)

    def action_own(self) -> None:
        """Edit the selected instance's own value."""
        if card := self._cards.card(self.selected):
            card.edit()

    def action_edit(self) -> None:
        """Edit the knobs."""
        self.editing = True
        self._controls.edit()

    def action_cards(self) -> None:
        """Leave whatever is being edited or large and go back to the cards."""
        if self.large and not self.editing and self.screen.focused is self.sentence:
            self.action_enlarge()
        self._leave_inputs()

    def _leave_inputs(self) -> None:
        self.editing = False
        self.screen.set_focus(self.sentence)

    def action_enlarge(self) -> None:
        """Give the current view all the room, or share it again."""
        self.large = self.desk.large = not self.large
        self.desk.lay_out()
        self.call_after_refresh(self.pump)

    def action_select(self, step: int) -> None:
        """Select the next or the previous card."""
        names = self._cards.names
        if self.selected not in names:
            self.selected = self._next_to(self.selected, names)
        self.selected = names[(names.index(self.selected) + step) % len(names)]

    def action_transport(self) -> None:
        """Run on the next transport."""
        self._switch(TRANSPORTS[(TRANSPORTS.index(self.stage.transport) + 1) % len(TRANSPORTS)])

    def _switch(self, transport: str) -> None:
        if transport == self.stage.transport:
            return
        if not self.stage.running:
            self.do(self.stage.set_transport, transport)
            return

        def answered(go: bool | None) -> None:
            if go:
                self.do(self.stage.set_transport, transport)

        question = f"Switching to {transport} restarts every role of {self.pattern.title}."
        self.app.push_screen(Confirm(question, "Restart on " + transport), answered)

    # What the widgets say.

    @on(View.Selected)
    def _view_selected(self, event: View.Selected) -> None:
        if event.instance in self._cards.names:
            self._select(event.instance)

    @on(Desk.Followed)
    def _desk_followed(self) -> None:
        # Whoever was picked last, though the message may be an earlier one's.
        if self.desk.selected in self._cards.names:
            self.selected = self.desk.selected

    def _select(self, instance: str) -> None:
        self.selected = instance
        # It may have gone elsewhere, to one that is not on the stage any more.
        self.desk.select(instance)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        {"start": self.action_on_off, "reset": self.action_reset, "gate": self.action_press}[event.button.id or ""]()

    @on(Card.Picked)
    def _picked(self, event: Card.Picked) -> None:
        self._select(event.card.instance)

    @on(Card.Turned)
    def _turned(self, event: Card.Turned) -> None:
        self.do(self.stage.set_knob, event.knob.name, event.value, event.card.instance)
        self.action_cards()

    @on(Field.Given)
    def _given(self, event: Field.Given) -> None:
        self.action_cards()
        if role := self._controls.role_of(event.knob):
            self.do(self.stage.set_count, role, event.value)
        else:
            self.do(self.stage.set_knob, event.knob.name, event.value)

    @on(Field.Refused)
    def _refused(self, event: Field.Refused) -> None:
        self.refuse(event.text)

    @on(Controls.Transport)
    def _transport(self, event: Controls.Transport) -> None:
        self._switch(event.transport)

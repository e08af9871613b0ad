"""One tab: it plays a stage and shows what it does. The only widget that knows both the engine and the screen."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Callable
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingsMap, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Button, Static

from zmqtui.core.actor import describe
from zmqtui.core.model import TRANSPORTS, BadInput
from zmqtui.core.stage import Stage
from zmqtui.core.text import printable
from zmqtui.core.watch import Figure, InstanceView, StageView
from zmqtui.ui.card import Card
from zmqtui.ui.controls import Controls
from zmqtui.ui.dialogs import Confirm
from zmqtui.ui.event_log import EventLog
from zmqtui.ui.field import Field
from zmqtui.ui.figures import Figures
from zmqtui.ui.signs import place

FRAMES = 15
"""Times a second at which a visible tab looks at its stage."""
CALM = 4
"""Frames between two changes of the sentence, so that it can be read."""


class Sentence(Static, can_focus=True):
    """Says what is going on; it has the focus while nothing else wants it, so that moving about costs no restyling."""


class Pane(Vertical):
    """Plays one pattern."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "on_off", "On/off", tooltip="Start or stop every role"),
        Binding("a", "add", "Add", tooltip="Add an instance of the selected role"),
        Binding("d", "remove", "Drop", tooltip="Take the selected instance off the stage"),
        Binding("k", "kill", "Kill", tooltip="End the selected instance at once; what is in its queues is lost"),
        Binding("r", "revive", "Restart", tooltip="Start the selected instance anew"),
        Binding("p", "pause", "Pause", tooltip="Hold the selected instance, or let it go on; its sockets stay"),
        Binding("f", "own", "Value", tooltip="Edit the selected instance's own value"),
        Binding("o", "free_port", "Other port", tooltip="Run on a free port"),
        Binding("l", "log", "Log", tooltip="All logs, everybody's, the selected instance's"),
        Binding("e", "edit", "Edit", tooltip="Edit the knobs"),
        Binding("t", "transport", "Transport", show=False, tooltip="Run on the next transport"),
        Binding("x", "reset", "Reset", show=False, tooltip="Forget all counts and events and begin again"),
        Binding("up", "select(-1)", "Previous card", show=False),
        Binding("down", "select(1)", "Next card", show=False),
        Binding("escape", "cards", "Back to the cards", show=False),
    ]

    selected: reactive[str] = reactive("")
    """The instance that the keys are for."""
    logs: reactive[str] = reactive("both", bindings=True)
    """Which logs are shown: ``both``, ``all`` or ``own``."""
    editing: reactive[bool] = reactive(False, toggle_class="-editing-knobs")
    """Whether the knobs are unfolded where there is little room."""
    _stranded: reactive[bool] = reactive(False, bindings=True)
    """Whether somebody's port is in use."""

    def __init__(self, stage: Stage) -> None:
        """Make the tab of `stage`."""
        super().__init__(id=f"pane-{stage.pattern.name}")
        self.stage = stage
        self.pattern = stage.pattern
        self._frame = 0
        self._moving = True
        self._said = ""
        self._sentence_line = Sentence("", id="sentence", markup=False)
        first = stage.view().instances
        self.set_reactive(Pane.selected, first[0].name)
        # The pattern's own keys: its gate and its actions.
        keys = [
            Binding(each.key, f"act('{each.key}')", each.label.split()[0].capitalize(), tooltip=each.label)
            for each in self.pattern.actions
        ]
        if gate := self.pattern.gate:
            keys.append(Binding(gate.key, "press", gate.label.split()[-1].capitalize(), tooltip=gate.label))
        self._bindings = BindingsMap.merge([self._bindings, BindingsMap(keys)])

    def compose(self) -> ComposeResult:
        """Lay out controls, cards, figures, logs and the sentence."""
        yield Controls(self.pattern, self.stage.transport)
        yield Static(self.pattern.about, id="about", markup=False)
        yield VerticalScroll(id="cards", can_focus=False)
        yield Figures(self.pattern.gate)
        with Horizontal(id="logs"):
            yield EventLog(self.stage.journal, id="log-all")
            yield EventLog(self.stage.journal, name_of=self.selected, id="log-own")
        yield self._sentence_line

    def on_mount(self) -> None:
        """Begin to look at the stage."""
        self._timer = self.set_interval(1 / FRAMES, self._tick)
        self.watch_logs()
        self.pump()

    def on_show(self) -> None:
        """Look again."""
        self._timer.resume()
        self.pump()

    def on_resize(self) -> None:
        """Draw for the room there is now."""
        self.call_after_refresh(self.pump)

    def on_hide(self) -> None:
        """Rest while nobody sees it; the sockets run on."""
        self._timer.pause()

    # Looking.

    def _tick(self) -> None:
        """Look while there is something to see: a stage at rest changes only when somebody does something."""
        if self.stage.running or self._moving:
            self.pump()

    def pump(self) -> None:
        """Look at the stage and draw what changed."""
        if not self.is_attached or not self.display:
            return
        view = self.stage.view()
        self._moving = view.running
        figures = self.stage.figures(view)
        self._frame += 1
        self._sync_cards(view)
        self._explain(view)
        brief = self.screen.has_class("-narrow") or self.screen.has_class("-short")
        by_instance: dict[str, list[Figure]] = {}
        for figure in figures:
            by_instance.setdefault(figure.instance, []).append(figure)
        for card in self.query(Card):
            instance = view.instance(card.instance)
            if instance and card.is_mounted:
                card.show(
                    view,
                    instance,
                    by_instance.get(instance.name, ()),
                    brief=brief,
                    picked=card.instance == self.selected,
                )
        self.query_one(Controls).show(view)
        self.query_one(Figures).show(view, by_instance.get("", ()))
        for log in self.query(EventLog):
            if log.display:
                log.pull()
        self._stranded = any(each.port_in_use for each in view.instances)
        if self._frame % CALM == 1 or not view.running:
            self._say(self._sentence(view))

    def _explain(self, view: StageView) -> None:
        """Have the empty log show the pattern's picture and, where it stands nowhere else, its explanation."""
        about = [] if self.query_one("#about").display else ["", *textwrap.wrap(self.pattern.about, 60)]
        picture = [
            f"{link.role} {link.socket} ───▶ {endpoint.bind.socket} {endpoint.bind.role}"
            f"   {place(view.addresses[endpoint.name])}"
            for endpoint in self.pattern.endpoints
            for link in endpoint.connect
        ]
        empty = "\n".join([self.pattern.title, "", *picture, *about, "", "space starts it"])
        self.query_one("#log-all", EventLog).empty = empty

    def _sentence(self, view: StageView) -> str:
        if not view.running:
            ran = any(each.life for each in view.instances)
            return "Stopped. space starts it anew, x forgets what was counted." if ran else "Ready: space starts it."
        stranded = [each for each in view.instances if each.port_in_use]
        if stranded:
            return f"{stranded[0].name}: {printable(stranded[0].status.detail)}. o runs on a free port."
        failed = [each for each in view.instances if each.state.name in ("FAILED", "STUCK")]
        if failed:
            return f"{failed[0].name} failed: {printable(failed[0].status.detail)}. r restarts it."
        return self.stage.watcher.sentence(view)

    def _say(self, sentence: str) -> None:
        if sentence != self._said:
            self._said = sentence
            self._sentence_line.update(Content.assemble(("◆ ", "$primary"), sentence), layout=False)

    def _sync_cards(self, view: StageView) -> None:
        cards = {card.instance: card for card in self.query(Card)}
        wanted = [each.name for each in view.instances]
        if list(cards) == wanted:
            return
        rank = {role.name: number for number, role in enumerate(self.pattern.roles)}
        for log in self.query(EventLog):
            log.roles = {each.name: rank[each.role] for each in view.instances}
        box = self.query_one("#cards")
        for name in cards.keys() - set(wanted):
            cards[name].remove()
        before: Card | None = None
        for each in view.instances:
            card = cards.get(each.name)
            if card is None:
                card = Card(each.name, rank[each.role], self._own_knob(each.role))
                if before:
                    box.mount(card, after=before)
                else:
                    box.mount(card, before=0 if box.children else None)
            before = card
        if self.selected not in wanted:
            self.selected = wanted[-1]
        self.watch_selected(self.selected)

    def _own_knob(self, role: str) -> Any:
        return next((knob for knob in self.pattern.knobs if knob.each and knob.role == role), None)

    def watch_selected(self, selected: str) -> None:
        """Mark the selected card and show its log."""
        for card in self.query(f"#card-{selected}"):
            self.call_after_refresh(card.scroll_visible, animate=False)
        self.refresh_bindings()
        for log in self.query("#log-own").results(EventLog):
            log.show(selected)
        self._title_logs()

    def watch_logs(self) -> None:
        """Show the logs that are wanted."""
        if self.is_mounted:
            self.set_class(self.logs == "all", "-log-all")
            self.set_class(self.logs == "own", "-log-own")
            self._title_logs()

    def _title_logs(self) -> None:
        for log in self.query(EventLog):
            log.border_title = f"log · {printable(log.instance, 40) or 'all'}"

    # Doing.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the keys that mean something here."""
        role = self._role_of(self.selected)
        match action:
            case "own":
                return self._own_knob(role) is not None
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
        self.do(self.stage.stop if self.stage.running else self.stage.start)

    def action_reset(self) -> None:
        """Forget all counts and events; go on if it was running."""
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
        self.query_one(f"#card-{self.selected}", Card).edit()

    def action_edit(self) -> None:
        """Edit the knobs."""
        self.editing = True
        self.query_one(Controls).edit()

    def action_cards(self) -> None:
        """Leave whatever is being edited and go back to the cards."""
        self.editing = False
        self.screen.set_focus(self._sentence_line)

    def action_log(self) -> None:
        """Show both logs, everybody's, the selected instance's, in turn."""
        order = ["all", "own"] if self.screen.has_class("-narrow") else ["both", "all", "own"]
        shown = order.index(self.logs) if self.logs in order else 0
        self.logs = order[(shown + 1) % len(order)]

    def action_select(self, step: int) -> None:
        """Select the next or the previous card."""
        cards = list(self.query(Card))
        here = next((number for number, card in enumerate(cards) if card.instance == self.selected), 0)
        self.selected = cards[(here + step) % len(cards)].instance

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

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        {"start": self.action_on_off, "reset": self.action_reset, "gate": self.action_press}[event.button.id or ""]()

    @on(Card.Picked)
    def _picked(self, event: Card.Picked) -> None:
        self.selected = event.card.instance

    @on(Card.Turned)
    def _turned(self, event: Card.Turned) -> None:
        self.do(self.stage.set_knob, event.knob.name, event.value, event.card.instance)
        self.action_cards()

    @on(Field.Given)
    def _given(self, event: Field.Given) -> None:
        self.action_cards()
        if role := self.query_one(Controls).role_of(event.knob):
            self.do(self.stage.set_count, role, event.value)
        else:
            self.do(self.stage.set_knob, event.knob.name, event.value)

    @on(Field.Refused)
    def _refused(self, event: Field.Refused) -> None:
        self.refuse(event.text)

    @on(Controls.Transport)
    def _transport(self, event: Controls.Transport) -> None:
        self._switch(event.transport)

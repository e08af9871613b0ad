"""The role's source, with the line on which each instance stands now."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from zmqtui.core.export.script import script
from zmqtui.core.export.source import Source, source_of
from zmqtui.core.model import BadInput, Role
from zmqtui.core.state import State
from zmqtui.core.text import printable
from zmqtui.core.watch import InstanceView, StageView
from zmqtui.ui.signs import state_of
from zmqtui.ui.view import Scene, View
from zmqtui.ui.views.listing import Listing, Note, Page
from zmqtui.ui.views.trail import Trail


class Code(View):
    """The role's source, with the line on which each instance stands now."""

    NAME = "code"
    KEY = "c"
    TITLE = "Code"
    HELP = "The role's source and where each instance stands; again for the script that y copies and ctrl+s saves."
    SIGNS = (
        ("▶", "the line on which the selected instance stands now"),
        ("▁ █", "how much of the last 5 seconds was spent on a line"),
        ("◀", "who stands there, and what it does"),
    )
    SHARE = 3

    def __init__(self) -> None:
        super().__init__()
        self._as_script = False
        self._listing = Listing()
        self._trail = Trail()
        self._scene: Scene | None = None
        self._on: dict[int, list[str]] = {}
        self._script: tuple[object, str] = ((), "")

    def compose(self) -> ComposeResult:
        """Lay out the lines."""
        yield self._listing

    def show(self, scene: Scene) -> None:
        """Draw what changed."""
        before, self._scene = self._scene, scene
        if not (chosen := _chosen(scene)):
            return
        instance, role = chosen
        if before is None or before.selected != scene.selected:
            self._listing.follow()
        try:
            source = source_of(role.function)
            text = self._scripted(scene, instance, role) if self._as_script else ""
        except BadInput as error:
            self.about = role.name
            self._listing.show(Page(f"# {printable(str(error))}"), {}, 0)
            return
        self._trail.look(scene.stage, role.name, scene.pointers())
        if self._as_script:
            self.about = f"{role.name} · as a script, {_file(scene, instance, role)}"
            self._listing.show(Page(text), {}, 0)
        else:
            self.about = f"{role.name} · {printable(source.path)}:{source.first}"
            self._point(scene, instance, source)

    def _point(self, scene: Scene, instance: InstanceView, source: Source) -> None:
        """Draw the source and who is where in it; who does not run stands on the empty line below it."""
        trail, view, below = self._trail, scene.stage, source.first + len(source.lines)
        self._on = {}
        for each in view.of(instance.role):
            self._on.setdefault(trail.settled.get(each.name, below), []).append(each.name)
        shares = trail.shares(instance.name) if instance.alive else {}
        colour = f"$role-{scene.ranks.get(instance.name, 0) % 3}"
        signs = {line: Content.styled("▹", f"{colour} 60%") for line in trail.now.values()}
        if instance.name in trail.now:
            signs[trail.now[instance.name]] = Content.styled("▶", f"bold {colour}")
        notes = {}
        for line in {*self._on, *shares, *signs}:
            share = shares.get(line, 0.0)
            label = None
            if who := self._on.get(line):
                label = partial(
                    _label, view, [each for each in view.instances if each.name in who], instance, colour, share
                )
            notes[line] = Note(signs.get(line, Content("")), share, label)
        lines = Page("\n".join([*source.lines, ""]), source.first)
        self._listing.show(lines, notes, trail.settled.get(instance.name, below))

    def turn(self) -> None:
        """Show the script that is copied and saved, or the source again."""
        self._as_script = not self._as_script

    def page(self, step: int) -> None:
        """Scroll by `step` pages."""
        self._listing.page(step)

    def copied(self) -> str:
        """Return the role as a script that runs with pyzmq alone."""
        content = self.saved()
        return content[1] if content else ""

    def saved(self) -> tuple[str, str] | None:
        """Return the role as a script that runs with pyzmq alone."""
        scene = self._scene
        if scene is None or not (chosen := _chosen(scene)):
            return None
        instance, role = chosen
        try:
            return _file(scene, instance, role), self._scripted(scene, instance, role)
        except BadInput:
            return None

    def _scripted(self, scene: Scene, instance: InstanceView, role: Role) -> str:
        """Return the script with the addresses and values of now."""
        knobs = {**scene.stage.knobs, **instance.knobs}
        key = (role, dict(scene.stage.addresses), knobs)
        if key != self._script[0]:
            self._script = key, script(scene.stage.pattern, role, scene.stage.addresses, knobs)
        return self._script[1]

    @on(Listing.Clicked)
    def _clicked(self, event: Listing.Clicked) -> None:
        """Select whoever stands on a line, one after the other."""
        event.stop()
        there = [] if self._as_script else self._on.get(event.line, [])
        if there and self._scene:
            selected = self._scene.selected
            place = there.index(selected) + 1 if selected in there else 0
            self.post_message(self.Selected(there[place % len(there)]))


def _chosen(scene: Scene) -> tuple[InstanceView, Role] | None:
    """Return the selected instance and its role."""
    instance = scene.stage.instance(scene.selected)
    return (instance, scene.stage.pattern.role(instance.role)) if instance else None


def _file(scene: Scene, instance: InstanceView, role: Role) -> str:
    """Name the script: after the instance where that has values of its own."""
    return f"{scene.stage.pattern.name}_{instance.name if instance.knobs else role.name}.py"


def _label(
    view: StageView, there: Sequence[InstanceView], selected: InstanceView, colour: str, share: float, room: int
) -> Content:
    """Say who is on a line: the selected one with its state in words, as many others as there is room for."""
    parts = [Content.styled("◀", f"bold {colour}")]
    more = " more"
    others = [each for each in there if each.name != selected.name]
    if len(others) < len(there):
        sign, mood = _sign(view, selected)
        for words, more in product(_words(view, selected, share), (" more", "")):
            part = Content.assemble(sign, (f" {selected.name}", f"bold {colour}"), (f" {words}" if words else "", mood))
            if 1 + part.cell_length + len(_folded(len(others), more)) <= room:
                break
        parts.append(part)
    used = sum(part.cell_length for part in parts)
    for place, each in enumerate(others):
        sign, _ = _sign(view, each)
        part = Content.assemble(sign, (f" {each.name}", colour))
        if used + part.cell_length + len(_folded(len(others) - place - 1, more)) > room:
            parts.append(Content.styled(_folded(len(others) - place, more), "$foreground 60%"))
            break
        parts.append(part)
        used += part.cell_length
    return Content("").join(parts).truncate(max(room, 1), ellipsis=True)


def _folded(count: int, more: str) -> str:
    return f" +{count}{more}" if count else ""


def _sign(view: StageView, instance: InstanceView) -> tuple[Content, str]:
    sign, tone, _, _ = state_of(instance, view)
    mood = f"$tone-{tone}" if tone else "$foreground 60%"
    return Content.styled(f" {sign}", mood), mood


def _words(view: StageView, instance: InstanceView, share: float) -> list[str]:
    """Say what the selected instance does: in full, shorter, and not at all."""
    _, _, name, age = state_of(instance, view)
    if instance.state is State.FAILED:
        return [f"{name}: {printable(instance.status.detail, 80)}", name, ""]
    if not view.running:
        return [f"{name}: space starts it", name, ""]
    if name == State.RUNNING.value:
        here = f"{round(share * 20) * 5} % here"
        return [f"{name}, {here}", here, ""]
    if age.endswith("left"):
        return [f"{name}, {age}", age, ""]
    return [f"{name} for {age}", f"{name} {age}", age, ""] if age else [name, ""]

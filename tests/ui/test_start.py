"""The first moments: the first picture comes before everything is there, and nobody may notice."""

from __future__ import annotations

from textual.events import Key
from textual.pilot import Pilot

from tests.ui.support import playing, press, screen, stages, until
from zmqtui.ui.app import Playground
from zmqtui.ui.pane import Pane
from zmqtui.ui.place import Place


class Hasty(Playground):
    """Gets keys while it still lays itself out."""

    def on_mount(self) -> None:
        """Press keys; Textual calls the playground's own of that name too."""
        for name, character in (("2", "2"), ("space", " "), ("down", None), ("c", "c")):
            self.post_message(Key(name, character))
        assert not self.furnished


async def test_keys_typed_too_early() -> None:
    """Protects keys typed before everything is there: none is lost, and they take effect in their order."""
    app = Hasty(stages())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.shown == "pubsub" and app.pane.stage.running)
        await until(pilot, lambda: app.pane.selected == "subscriber-1")
        await until(pilot, lambda: "def subscriber" in screen(pilot))
        assert not app.stages[0].running


async def test_a_tab_is_made_when_it_is_shown() -> None:
    """Protects the start from what every pattern adds: a tab that nobody looked at costs nothing."""
    async with playing("pipeline") as pilot:
        assert panes(pilot) == ["pane-pipeline"]
        await press(pilot, "1", "space")
        await until(pilot, lambda: "Received reply" in screen(pilot))
        assert panes(pilot) == ["pane-pipeline", "pane-reqrep"]


async def test_views_come_once() -> None:
    """Protects the desk from a view laid out twice, when it is drawn while its views are on their way."""
    async with playing("reqrep", (200, 60)) as pilot:
        await until(pilot, lambda: "space starts it" in screen(pilot))
        shown = [place.view.NAME for place in pilot.app.query(Place)]
        assert shown == ["topology", "code", "log"]


def panes(pilot: Pilot[None]) -> list[str]:
    """Return the ids of the panes there are."""
    return [str(pane.id) for pane in pilot.app.query(Pane)]

"""The picture is the one that Textual itself would draw, and only the widgets that are seen are asked for it."""

from __future__ import annotations

import random
import re

import pytest
from textual._compositor import ChopsUpdate, Compositor
from textual.app import App, ComposeResult
from textual.containers import ScrollableContainer, Vertical, VerticalScroll
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Static

from zmqtui.core.stage import Stage
from zmqtui.patterns import every
from zmqtui.ui.app import Playground
from zmqtui.ui.compositor import ThriftyCompositor
from zmqtui.ui.terminal_app import TerminalApp


def drawn(update: ChopsUpdate | None, app: App[None]) -> str:
    """Return what an update sends to the terminal, without the places to which it sends nothing."""
    assert update is not None
    return re.sub(r"\x1b\[\d+;\d+H(?=\s*(\x1b\[\d+;\d+H|$))", "", update.render_segments(app.console))


def compare(app: App[None], chance: random.Random) -> None:
    """Draw all of the screen and then many parts of it, our way and Textual's."""
    compositor = app.screen._compositor
    assert isinstance(compositor, ThriftyCompositor)
    whole = Compositor.render_full_update(compositor).render_segments(app.console)
    assert compositor.render_full_update().render_segments(app.console) == whole
    places = [place for place, _ in compositor.visible_widgets.values()]
    for _ in range(40):
        dirty = chance.sample(places, 2)
        x, y = chance.randrange(app.size.width), chance.randrange(app.size.height)
        dirty.append(Region(x, y, chance.randint(1, 30), chance.randint(1, 5)))
        dirty = [each.intersection(app.screen.region) for each in chance.sample(dirty, chance.randint(1, 3))]
        if not any(dirty):
            continue
        compositor._dirty_regions = set(filter(None, dirty))
        plain = drawn(Compositor.render_partial_update(compositor), app)
        compositor._dirty_regions = set(filter(None, dirty))
        assert drawn(compositor.render_partial_update(), app) == plain


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_every_view_is_what_textual_draws(size: tuple[int, int]) -> None:
    """Protects the picture: whatever changed, the same is sent as if every widget had been asked."""
    chance = random.Random(7)
    app = Playground([Stage(pattern) for pattern in every()])
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for keys in ("", "c", "m", "z", "z", "2", "g", "3"):
            await pilot.press(*keys)
            await pilot.pause()
            compare(app, chance)


class Awkward(TerminalApp):
    """Has all that can hide, cut off or shine through."""

    CSS = """
    Screen { layers: base above; }
    #empty { width: 0; height: 5; }
    #flat { width: 5; height: 0; }
    #outside { offset: -5 -2; width: 20; height: 4; background: red 30%; }
    #faint { offset: 70 3; width: 30; height: 4; border: round red; opacity: 50%; }
    #docked { dock: bottom; height: 2; background: blue 40%; tint: red 40%; }
    #hidden { visibility: hidden; height: 2; }
    #seen { visibility: visible; }
    #scroll { height: 8; border: solid green; }
    #inner { height: 3; width: 30; overflow: auto auto; }
    #wide { width: 90; height: 9; }
    #above { layer: above; offset: 10 5; width: 30; height: 5; background: $panel 50%; hatch: cross white; }
    """

    def compose(self) -> ComposeResult:
        """Lay them out."""
        yield Static("no width", id="empty")
        yield Static("no height", id="flat")
        yield Static("ünïcode 漢字漢字漢字\nabc", id="outside")
        yield Static("faint " * 20, id="faint")
        yield Static("docked", id="docked")
        with Vertical(id="hidden"):
            yield Static("seen all the same", id="seen")
        with VerticalScroll(id="scroll"):
            for number in range(10):
                yield Static(f"row {number} 漢字 " * 5)
            with ScrollableContainer(id="inner"):
                yield Static("wide " * 200, id="wide")
        yield Static("漢字" * 20, id="above")
        yield Input("typed")


async def test_what_is_cut_off_and_what_shines_through() -> None:
    """Protects widgets that are partly out of sight, see-through, on another layer, or above all as a toast is."""
    chance = random.Random(3)
    app = Awkward()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.notify("a toast", timeout=100)
        await pilot.pause()
        for step in range(8):
            app.query_one("#scroll").scroll_to(y=2 * step, animate=False)
            app.query_one("#inner").scroll_to(x=5 * step, y=step, animate=False)
            await pilot.pause()
            compare(app, chance)


async def test_a_card_asks_its_own_widgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the speed of keys: what is behind a card, or beside it, is not rendered when the card changes."""
    app = Playground([Stage(pattern) for pattern in every()])
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        card = app.query(".card-client-1 Static").first()
        asked: list[Widget] = []
        compositor = app.screen._compositor

        def watch(widget: Widget) -> None:
            plain = widget.render_lines

            def render_lines(crop: Region) -> list[Strip]:
                asked.append(widget)
                return plain(crop)

            monkeypatch.setattr(widget, "render_lines", render_lines)

        for widget in compositor.visible_widgets:
            watch(widget)
        compositor._dirty_regions = {card.region}
        assert compositor.render_partial_update()
        assert asked == [card]

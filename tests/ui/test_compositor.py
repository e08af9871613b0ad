"""Partial updates: they show what Textual's own show, and ask only the widgets that can be seen in them."""

from __future__ import annotations

import random
import re

import pytest
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from zmqtui.core.stage import Stage
from zmqtui.patterns import every
from zmqtui.ui.app import Playground
from zmqtui.ui.compositor import ThriftyCompositor


def drawn(update: ChopsUpdate | None, app: Playground) -> str:
    """Return what an update sends to the terminal, without the places to which it sends nothing."""
    assert update is not None
    return re.sub(r"\x1b\[\d+;\d+H(?=\s*(\x1b\[\d+;\d+H|$))", "", update.render_segments(app.console))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_it_is_what_textual_draws(size: tuple[int, int]) -> None:
    """Protects the picture: whatever changed, the same is sent as if every widget had been asked."""
    chance = random.Random(7)
    app = Playground([Stage(pattern) for pattern in every()])
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for keys in ("", "c", "m", "z", "z", "2", "g", "3"):
            await pilot.press(*keys)
            await pilot.pause()
            compositor = app.screen._compositor
            assert isinstance(compositor, ThriftyCompositor)
            whole = Compositor.render_full_update(compositor).render_segments(app.console)
            assert compositor.render_full_update().render_segments(app.console) == whole
            places = [place for place, _ in compositor.visible_widgets.values()]
            for _ in range(40):
                dirty = chance.sample(places, 2)
                x, y = chance.randrange(size[0]), chance.randrange(size[1])
                dirty.append(Region(x, y, chance.randint(1, 30), chance.randint(1, 5)))
                dirty = [each.intersection(app.screen.region) for each in chance.sample(dirty, chance.randint(1, 3))]
                if not any(dirty):
                    continue
                compositor._dirty_regions = set(filter(None, dirty))
                plain = drawn(Compositor.render_partial_update(compositor), app)
                compositor._dirty_regions = set(filter(None, dirty))
                assert drawn(compositor.render_partial_update(), app) == plain


async def test_a_card_asks_its_own_widgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the speed of keys: what is behind a card, or beside it, is not rendered when the card changes."""
    app = Playground([Stage(pattern) for pattern in every()])
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        card = app.query("#card-client-1 Static").first()
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

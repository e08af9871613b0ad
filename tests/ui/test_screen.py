"""A key does not wait for pictures, and its own is drawn at once."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

import pytest
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.widgets import Static

from tests.ui.support import playing, press, still, until
from zmqtui.core.stage import Stage
from zmqtui.core.watch import StageView
from zmqtui.ui import screen as quick
from zmqtui.ui.app import Playground
from zmqtui.ui.pane import BLUR, Pane
from zmqtui.ui.screen import QuickScreen


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the pictures that are drawn."""
    drawn: list[int] = []
    plain = QuickScreen._compositor_refresh

    def refresh(screen: QuickScreen) -> None:
        drawn.append(len(drawn))
        plain(screen)

    monkeypatch.setattr(QuickScreen, "_compositor_refresh", refresh)
    return drawn


def parts(app: object) -> tuple[Pane, QuickScreen]:
    """Return the tab on view and the screen."""
    assert isinstance(app, Playground)
    assert isinstance(app.screen, QuickScreen)
    return app.pane, app.screen


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (45, 12)], ids=str)
async def test_styles_are_made_once(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the start from making all styles twice, and the looks from lacking something for that."""
    made: list[int] = []
    plain = Stylesheet.update_nodes

    def update(sheet: Stylesheet, nodes: Iterable[DOMNode], animate: bool = False) -> None:
        several = list(nodes)
        made.append(len(several))
        plain(sheet, several, animate)

    monkeypatch.setattr(Stylesheet, "update_nodes", update)
    async with playing(size=size) as pilot:
        assert max(made) < 10
        await still(pilot)
        before = pilot.app.export_screenshot()
        pilot.app.screen.update_node_styles(animate=False)
        pilot.app.refresh()
        assert max(made) > 20
        await still(pilot)
        assert pilot.app.export_screenshot() == before


async def test_a_selection_is_drawn_at_once(pictures: list[int]) -> None:
    """Protects the speed of keys: the picture of a selection does not wait for the loop to come to it."""
    async with playing() as pilot:
        pane, screen = parts(pilot.app)
        await until(pilot, lambda: not (screen._dirty_widgets or screen._layout_required))
        before = len(pictures)
        pane.action_select(1)
        assert len(pictures) == before + 1
        assert not screen._dirty_widgets


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_card_out_of_sight_is_revealed_in_the_same_picture(size: tuple[int, int], pictures: list[int]) -> None:
    """Protects the speed of keys in a crowd: one picture for the mark and the way to it, not one after the other."""
    async with playing(size=size) as pilot:
        pane, screen = parts(pilot.app)
        pane.do(pane.stage.set_count, "client", 40)
        await until(pilot, lambda: (card := pane._cards.card("client-40")) and card.region)
        await until(pilot, lambda: not (screen._dirty_widgets or screen._layout_required))
        pane.action_select(-1)
        await until(pilot, lambda: pane.selected == "client-40")
        card = pane._cards.card("client-40")
        assert card
        await until(pilot, lambda: pane._cards.region.contains_region(card.region))
        if size == (120, 40):
            # Where there is little room the card that is picked grows, which takes another layout.
            before = len(pictures)
            pane.action_select(1)
            first = pane._cards.card("server")
            assert first
            assert pane._cards.region.contains_region(first.region)
            assert len(pictures) == before + 1


async def test_the_selected_card_stays_in_sight() -> None:
    """Protects the selection in a crowd that is still being laid out, and whoever has scrolled to look elsewhere."""
    async with playing() as pilot:
        pane, _ = parts(pilot.app)
        pane.do(pane.stage.set_count, "client", 40)
        await until(pilot, lambda: (card := pane._cards.card("client-40")) and card.region)
        pane.action_select(-1)
        card = pane._cards.card("client-40")
        assert card

        async def grow(*names: str) -> None:
            before = pane._cards.virtual_size
            for name in names:
                other = pane._cards.card(name)
                assert other
                # Not by what it shows: the pane may draw that anew before anybody has looked.
                other.styles.min_height = 10
            await until(pilot, lambda: pane._cards.virtual_size != before)
            await still(pilot)

        await still(pilot)
        await grow("client-1", "client-3", "client-5")
        assert pane._cards.region.contains_region(card.region)
        pane._cards.scroll_to(y=2, animate=False)
        await still(pilot)
        await grow("client-7")
        assert pane._cards.scroll_y == 2


async def test_a_picture_waits_for_the_key(pictures: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects a key that comes while much is to be drawn: what it changes is on the same picture."""
    monkeypatch.setattr(quick, "MOMENT", 60.0)
    async with playing() as pilot:
        pane, screen = parts(pilot.app)
        await until(pilot, lambda: not screen._dirty_widgets)
        screen.expect()
        before = len(pictures)
        pane.sentence.update("much", layout=False)
        await until(pilot, lambda: screen._held)
        assert len(pictures) == before
        pane.action_select(1)
        assert len(pictures) == before + 1
        assert not screen._dirty_widgets
        assert screen._held is None


async def test_a_key_that_changes_nothing_holds_nothing_up(
    pictures: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects pictures from a key of which nothing comes, and from one that goes to an input."""
    monkeypatch.setattr(quick, "MOMENT", 60.0)
    async with playing() as pilot:
        pane, screen = parts(pilot.app)
        for key in ("j", "slash", "x"):
            await until(pilot, lambda: not screen._dirty_widgets)
            screen.expect()
            before = len(pictures)
            pane._figures.query(Static).first().refresh()
            await press(pilot, key)
            await until(pilot, lambda before=before: len(pictures) > before, f"a picture after {key}")  # type: ignore[misc]


@pytest.mark.parametrize("keys", [1, 1000])
async def test_no_picture_waits_for_ever(keys: int, pictures: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects pictures from a key that is lost, and from keys that come faster than they are held back."""
    monkeypatch.setattr(quick, "MOMENT", 0.3)
    async with playing() as pilot:
        pane, screen = parts(pilot.app)
        await until(pilot, lambda: not screen._dirty_widgets)
        before, begun = len(pictures), monotonic()
        pane.sentence.update("much", layout=False)
        screen.expect()

        def drawn() -> bool:
            for _ in range(keys - 1):
                screen.expect()
            return len(pictures) > before

        await until(pilot, drawn)
        assert monotonic() - begun >= 0.3


async def test_frames_go_on_after_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects what moves: the frame that a key left out follows soon, and then all others."""
    async with playing(reqrep={"work": 0.01}) as pilot:
        pane, _ = parts(pilot.app)
        await press(pilot, "space", "down")
        await until(pilot, lambda: pane._rest is None)
        looks: list[Stage] = []
        plain = Stage.view

        def view(stage: Stage) -> StageView:
            looks.append(stage)
            return plain(stage)

        monkeypatch.setattr(Stage, "view", view)
        await until(pilot, lambda: len(looks) > 10, "frames")


async def test_what_nobody_can_follow_is_drawn_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the roles' share of the processor at full speed: there every third frame is left out, and only there."""
    drawn: list[bool] = []
    async with playing("pubsub", pubsub={"rate": 5000}) as pilot:
        pane, _ = parts(pilot.app)
        await press(pilot, "space")
        await until(pilot, lambda: pane.rate >= BLUR)
        pane.stage.set_knob("rate", 50)
        await until(pilot, lambda: 0 < pane.rate < BLUR)
        monkeypatch.setattr(pane, "pump", lambda *, counts=True: drawn.append(counts))
        for rate, frames in ((BLUR, 20), (BLUR - 1, 30)):
            drawn.clear()
            pane.rate = rate
            for _ in range(30):
                pane._tick()
            assert len(drawn) == frames


async def test_no_frames_for_a_tab_that_is_left() -> None:
    """Protects the processor: what a key left to be drawn wakes nobody up behind another tab."""
    async with playing() as pilot:
        pane, _ = parts(pilot.app)
        await press(pilot, "space")
        await until(pilot, lambda: pane.stage.running)
        await press(pilot, "2")
        await until(pilot, lambda: not pane.display and not pane._frames._active.is_set(), "rest")
        # A key just before that has something left to draw, and what it drew asks for more.
        for late in (pane._show_rest, pane._wake):
            late()
            assert not pane._frames._active.is_set(), late.__name__

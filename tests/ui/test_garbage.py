"""Frames leave nothing to the garbage collector, which stops everything while it looks for it."""

from __future__ import annotations

import gc
from collections import Counter

import pytest
from textual._compositor import Compositor, ReflowResult
from textual.geometry import Size
from textual.widget import Widget

from tests.ui.support import playing, press, until
from zmqtui.ui.app import Playground
from zmqtui.ui.view import View
from zmqtui.ui.views import VIEWS

FRAMES = 60
CALM = 15
"""Frames without a new layout after which it has found its shape."""


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.NAME)
async def test_frames_make_no_cycles(view: type[View], monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects from stutter: lines that kept themselves alive cost a pause of 50 ms every other second."""
    layouts = [0]

    def reflow(compositor: Compositor, parent: Widget, size: Size) -> ReflowResult:
        layouts.append(pane._frame)
        return plain(compositor, parent, size)

    plain = Compositor.reflow
    async with playing("pubsub", pubsub={"rate": 300, "filter": (b"",)}) as pilot:
        app = pilot.app
        assert isinstance(app, Playground)
        pane = app.pane
        monkeypatch.setattr(Compositor, "reflow", reflow)
        await press(pilot, "space", view.KEY)
        await until(pilot, lambda: pane.stage.view().of("subscriber")[0].received.messages > 100)
        # A layout leaves its map to the collector, and that of the view that was asked for takes a few.
        await until(pilot, lambda: pane._frame > layouts[-1] + CALM, "a layout that stays")
        gc.collect()
        gc.disable()
        try:
            begun = pane._frame
            await until(pilot, lambda: pane._frame > begun + FRAMES)
            gc.set_debug(gc.DEBUG_SAVEALL)
            gc.collect()
            found = Counter(type(each).__name__ for each in gc.garbage)
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
        assert not found["Strip"]
        assert found.total() < FRAMES

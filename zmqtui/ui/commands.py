"""The command palette: everything a tab can do, by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.actions import parse
from textual.command import DiscoveryHit, Hit, Hits, Provider

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmqtui.ui.app import Playground


class PlaygroundCommands(Provider):
    """Offers the tabs, and what the tab on view can do."""

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        app: Playground = self.app  # type: ignore[assignment]
        for stage in app.stages:
            yield (
                f"Show {stage.pattern.title}",
                f"Its tab: {stage.pattern.name}",
                partial(app.action_show, stage.pattern.name),
            )
        yield "Start all patterns", "Every tab runs at the same time", app.action_start_all
        yield "Stop all patterns", "Every role of every tab", app.action_stop_all
        yield "Limits: what a peer may cost (L)", "Frames, queues, heartbeats, memory", app.action_limits
        pane = app.pane
        for node in (pane, pane.desk):
            # A key that comes first in the line of keys is there twice.
            for key, binding in dict(node._bindings).items():
                _, action, parameters = parse(binding.action)
                if node.check_action(action, parameters) and binding.tooltip:
                    yield f"{binding.tooltip} ({key})", pane.pattern.title, partial(node.run_action, binding.action)

    async def discover(self) -> Hits:
        """Offer everything."""
        for name, text, call in self._commands():
            yield DiscoveryHit(name, call, help=text)

    async def search(self, query: str) -> Hits:
        """Offer what fits `query`."""
        matcher = self.matcher(query)
        for name, text, call in self._commands():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), call, help=text)

"""The warning that others on the network can connect: there as long as they can, whatever tab is on view."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widgets import Static

from zmqtui.core.addresses import exposed
from zmqtui.core.stage import Stage
from zmqtui.core.text import printable

SIGN = "⚠"
"""What marks the tab of a pattern that runs so."""


class Exposure(Static):
    """Says which addresses are open to the network; where none is, it takes no room."""

    DEFAULT_CSS = """
    Exposure {
        display: none;
        height: 1;
        padding: 0 1;
        color: $text-warning;
        background: $warning-muted;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &.-open { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__("", id="exposure", markup=False)
        self._said = ""

    def show(self, stages: Sequence[Stage]) -> None:
        """Say it as it stands."""
        wide = [stage for stage in stages if open_at(stage)]
        when = "" if any(stage.running for stage in wide) else " once it runs"
        places = " and ".join(printable(address) for stage in wide for address in open_at(stage))
        said = f"{SIGN} Open to anybody on the network{when}, and not encrypted: {places}" if wide else ""
        if said != self._said:
            self._said = said
            self.update(said)
            self.set_class(bool(said), "-open")


def open_at(stage: Stage) -> list[str]:
    """Return the addresses at which anybody on the network can connect while `stage` runs."""
    return list(exposed(stage.pattern, stage.addresses, [role.name for role in stage.pattern.roles]).values())

"""How a performance ended: the last counts with the states in which its end met everybody."""

from __future__ import annotations

from typing import NamedTuple

from zmqtui.core.stage import Stage
from zmqtui.core.watch import Figure, InstanceView, StageView


class End(NamedTuple):
    """The last that is to be said.

    Attributes:
        how: ``done``, ``seconds``, ``signal``, ``failed``, ``closed`` (nobody reads), ``stdin`` or
            ``guard``.
        code: The exit code.
        view: The stage.
        figures: What the pattern's watcher made of it.
        instances: Who played.
    """

    how: str
    code: int
    view: StageView
    figures: tuple[Figure, ...]
    instances: tuple[InstanceView, ...]


def last_view(stage: Stage) -> StageView:
    """Stop `stage` and return its final, exact counts, but the states of the moment before."""
    before = stage.view()
    stage.stop()
    stage.settle()
    after = {each.name: each for each in stage.view().instances}
    return before._replace(
        instances=tuple(
            each._replace(
                sent=after[each.name].sent,
                received=after[each.name].received,
                ports=after[each.name].ports,
                losses=after[each.name].losses,
                work=after[each.name].work,
            )
            for each in before.instances
        ),
    )

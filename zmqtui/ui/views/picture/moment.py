"""What there is to draw into a layout: the stage at one moment, and who must be seen at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from zmqtui.core.state import State
from zmqtui.core.watch import InstanceView, StageView
from zmqtui.ui.signs import state_of
from zmqtui.ui.views.picture.traffic import Traffic

TROUBLE: Final = (State.FAILED, State.STUCK, State.KILLED, State.PAUSED)
"""States that must be seen at a glance, the worst first."""


@dataclass(frozen=True)
class Moment:
    """What there is to draw into a layout.

    Attributes:
        stage: How the stage stands.
        traffic: What travels.
        selected: The selected instance.
        ranks: The place of each instance's role, for its colour.
        notes: What stands on the wires of an instance.
    """

    stage: StageView
    traffic: Traffic
    selected: str
    ranks: Mapping[str, int]
    notes: Mapping[str, str]


def in_trouble(instance: InstanceView) -> bool:
    """Tell whether an instance must be seen at a glance: it does not run as it should, or waits for ever."""
    return instance.state in TROUBLE or (instance.orphaned and instance.state is State.RECEIVING)


def troubled(stage: StageView) -> list[str]:
    """Return the instances that must be seen at a glance, the worst first."""
    rank = {state: number for number, state in enumerate(TROUBLE)}
    found = [each for each in stage.instances if in_trouble(each)]
    return [each.name for each in sorted(found, key=lambda each: rank.get(each.state, len(rank)))]


def crowd(instances: Sequence[InstanceView], stage: StageView) -> str:
    """Say how many are in which state, those in trouble first: ``1 stuck, 9 working, 3 in recv()``."""
    counts = Counter((not in_trouble(each), state_of(each, stage)[2]) for each in instances)
    return ", ".join(f"{count} {name}" for (_, name), count in sorted(counts.items(), key=lambda pair: pair[0][0]))

"""The cards of all instances, one picked for the keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message

from zmqtui.core.books.history import History
from zmqtui.core.model import Knob, Pattern
from zmqtui.core.watch import Figure, InstanceView, StageView
from zmqtui.ui.card import Card
from zmqtui.ui.sparks import Sparks


class Cards(VerticalScroll, can_focus=False):
    """Shows a card for each instance of a pattern."""

    class Grown(Message):
        """All cards together are larger than before, or smaller."""

    def __init__(self, pattern: Pattern, instances: Sequence[InstanceView]) -> None:
        """Make the cards of a pattern.

        Args:
            pattern: The pattern.
            instances: Who plays it at the beginning.
        """
        super().__init__(id="cards")
        self._own = {knob.role: knob for knob in pattern.knobs if knob.each}
        self._rank = {role.name: number for number, role in enumerate(pattern.roles)}
        self._cards = {each.name: self._make(each) for each in instances}
        self._sparks = Sparks()

    def compose(self) -> ComposeResult:
        """Lay out the cards that there are at the beginning, so that they are in the first picture."""
        yield from self._cards.values()

    def _make(self, instance: InstanceView) -> Card:
        return Card(instance.name, self._rank[instance.role], self.own_knob(instance.role))

    def watch_virtual_size(self) -> None:
        """Tell that cards may be elsewhere now."""
        self.post_message(self.Grown())

    @property
    def names(self) -> list[str]:
        """The instances in their order."""
        return list(self._cards)

    def card(self, instance: str) -> Card | None:
        """Return the card of `instance`."""
        return self._cards.get(instance)

    def own_knob(self, role: str) -> Knob | None:
        """Return the knob that every instance of `role` has for itself."""
        return self._own.get(role)

    def show(
        self,
        view: StageView,
        figures: Mapping[str, Sequence[Figure]],
        picked: str,
        *,
        brief: bool,
        history: History | None = None,
        only: Sequence[str] | None = None,
    ) -> None:
        """Draw instances as they stand.

        Args:
            view: The stage.
            figures: By instance.
            picked: The instance that the keys are for.
            brief: Whether there is room for one line each only.
            history: Counts over time, for the sparklines.
            only: The instances to draw, where not all of them.
        """
        if history:
            self._sparks.show(history)
        if self.names != [each.name for each in view.instances]:
            self._arrange(view)
        columns = 1 if brief else 3 if self.screen.has_class("-very-wide") else 2
        sight = self.region
        # About as wide as it will be, until it is known.
        width = (self.app.size.width - 2) // columns - 1
        for each in view.instances:
            card = self._cards[each.name]
            if not card.is_mounted or (only is not None and each.name not in only):
                continue
            # In a crowd most are out of sight; they are drawn when they come in sight, and at the end.
            if only is not None or not view.running or not card.drawn or card.region.overlaps(sight):
                spark = self._sparks.of(each.name)
                own = figures.get(each.name, ())
                card.show(view, each, own, brief=brief, picked=each.name == picked, spark=spark, width=width)

    def _arrange(self, view: StageView) -> None:
        before, self._cards = self._cards, {}
        for each in view.instances:
            card = before.pop(each.name, None)
            if card is None:
                card = self._make(each)
                last = next(reversed(self._cards.values()), None)
                if last:
                    self.mount(card, after=last)
                else:
                    self.mount(card, before=0 if self.children else None)
            self._cards[each.name] = card
        for card in before.values():
            card.remove()

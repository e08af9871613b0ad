"""Who plays in a pattern: the instances of its roles, and the knob values they play with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zmqtui.core.model import BadInput, Pattern, Role
from zmqtui.core.slot import Slot
from zmqtui.core.text import printable


class Cast:
    """The instances of a pattern's roles. Changed under the stage's lock, read without.

    Args:
        pattern: What they play.
        counts: Instances by role name, where they differ from the pattern's.

    Attributes:
        slots: By name.
        order: In the order of their roles and numbers; a new tuple at every change.
        knobs: The shared values.

    Raises:
        BadInput: If that many may not play a role.
    """

    def __init__(self, pattern: Pattern, counts: Mapping[str, int]) -> None:
        self.slots: dict[str, Slot] = {}
        self.order: tuple[Slot, ...] = ()
        self.knobs: dict[str, Any] = {knob.name: knob.default for knob in pattern.knobs}
        self._pattern = pattern
        for role in pattern.roles:
            count = counts.get(role.name, role.default)
            self.check_count(role, count)
            for _ in range(count):
                self.add(role)

    def slot(self, name: str) -> Slot:
        """Return the instance called `name`.

        Raises:
            BadInput: If there is none.
        """
        try:
            return self.slots[name]
        except KeyError:
            known = ", ".join(slot.name for slot in self.order)
            raise BadInput(f"there is no {printable(name, 40)!r}: there are {known}") from None

    def of(self, role: Role) -> list[Slot]:
        """Return the instances of `role`."""
        return [slot for slot in self.order if slot.role is role]

    def check_count(self, role: Role, count: int) -> None:
        """Check that `count` instances may play `role`.

        Raises:
            BadInput: If not.
        """
        if not 1 <= count <= role.most:
            limit = "exactly 1" if role.most == 1 else f"1 to {role.most}"
            raise BadInput(f"{role.name}: there can be {limit}, not {count}")

    def add(self, role: Role) -> Slot:
        """Add an instance of `role` with the lowest number that is free."""
        taken = {slot.number for slot in self.of(role)}
        number = next(number for number in range(1, len(taken) + 2) if number not in taken)
        own = {knob.name: self.knobs[knob.name] for knob in self._pattern.knobs if knob.each and knob.role == role.name}
        slot = Slot(self._pattern, role, number, self.knobs, own)
        self.slots[slot.name] = slot
        self._sort()
        return slot

    def remove(self, slot: Slot) -> None:
        """Take an instance off."""
        del self.slots[slot.name]
        self._sort()

    def _sort(self) -> None:
        rank = {role.name: place for place, role in enumerate(self._pattern.roles)}
        self.order = tuple(sorted(self.slots.values(), key=lambda slot: (rank[slot.role.name], slot.number)))

    def check(self) -> None:
        """Check that the knob values fit together.

        Raises:
            BadInput: If they do not.
        """
        self._fit(self.knobs)

    def _fit(self, knobs: Mapping[str, Any]) -> None:
        if objection := self._pattern.rule(knobs):
            raise BadInput(objection)

    def turn(self, name: str, value: Any, instance: str | None, *, settle: bool) -> bool:
        """Turn a knob, for one instance or for all; running roles feel it at once.

        Args:
            name: The knob.
            value: Its value.
            instance: Whose, for a knob that every instance has.
            settle: Whether the pattern's rule must hold already.

        Returns:
            Whether anybody has another value now.

        Raises:
            BadInput: If there is no such knob or instance, or the value is out of range.
        """
        knob = self._pattern.knob(name)
        knob.check(value)
        if instance is not None:
            slot = self.slot(instance)
            if name not in slot.own:
                raise BadInput(f"{name} is not a knob of {instance}: set it for all, as {name}={knob.format(value)}")
            return slot.turn(knob, value)
        if settle:
            self._fit(self.knobs | {name: value})
        changed, self.knobs[name] = self.knobs[name] != value, value
        return any([changed, *(slot.turn(knob, value) for slot in self.order if name in slot.own)])

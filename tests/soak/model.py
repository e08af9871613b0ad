"""What stages ought to be doing: the operations of the nemesis are drawn from this and a seed, never from timing."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

from zmqtui.core.model import TRANSPORTS, Pattern

FILTERS: tuple[tuple[bytes, ...], ...] = ((b"",), (b"1",), (b"2", b"3"), (b"1", b"10"), (b"7", b"8", b"9"), ())
"""What subscribers are set to; the last one hears nothing."""
KNOBS: dict[str, dict[str, tuple[Any, ...]]] = {
    "reqrep": {"work": (0.0, 0.0, 0.001, 0.005, 0.02), "request": (b"Hello", b"", b"x" * 3000), "reply": (b"W", b"")},
    "pubsub": {"rate": (50, 500, 2000, 20_000, 0), "updates": (1, 5, 50)},
    "pipeline": {"tasks": (1, 10, 40), "cost_max": (0, 1, 3)},
    "unruly": {},
}
"""The knobs that are turned, and to what."""
START: dict[str, dict[str, Any]] = {
    "reqrep": {"requests": 0, "work": 0.001},
    "pubsub": {"span": 9, "rate": 500, "filter": (b"",)},
    "pipeline": {"tasks": 10, "cost_min": 0, "cost_max": 1},
    "unruly": {},
}
"""Values to begin with: nothing ends by itself, and something comes for everybody soon."""
MOST = 6
"""Instances of a role, most of the time."""
WITNESS = "subscriber-1"
"""Hears everything from the beginning and is never taken off: what it got and missed is what was published."""


class Operation(NamedTuple):
    """One thing done to a stage.

    Attributes:
        what: Which.
        stage: To which; a pattern's name, or nothing for those that concern several.
        arguments: With what.
    """

    what: str
    stage: str = ""
    arguments: tuple[Any, ...] = ()

    def __str__(self) -> str:
        if self.what == "together":
            return f"together: {' | '.join(map(str, self.arguments))}"
        return " ".join([self.what, self.stage, *map(repr, self.arguments)])


class Part:
    """What one stage ought to be doing.

    Attributes:
        pattern: What it plays.
        transport: On what.
        running: Whether it is on.
        names: Its instances, by role.
        alive: Those that were started and not ended by anybody.
        paused: Those of them that were told to pause.
        filters: What each subscriber is subscribed to.
    """

    def __init__(self, pattern: Pattern, transport: str) -> None:
        self.pattern = pattern
        self.transport = transport
        self.running = False
        self.names = {
            role.name: [role.instance(number) for number in range(1, role.default + 1)] for role in pattern.roles
        }
        self.alive: set[str] = set()
        self.paused: set[str] = set()
        self.filters: dict[str, tuple[bytes, ...]] = {}

    @property
    def everybody(self) -> list[str]:
        """All instances."""
        return [name for names in self.names.values() for name in names]

    @property
    def binders(self) -> list[str]:
        """Who binds something."""
        return [self.names[endpoint.bind.role][0] for endpoint in self.pattern.endpoints]

    def up(self, name: str) -> bool:
        """Whether an instance ought to be at work."""
        return name in self.alive and name not in self.paused

    def filter_of(self, name: str) -> tuple[bytes, ...]:
        """Return what a subscriber is subscribed to."""
        return self.filters.get(name, FILTERS[0])

    def all_on(self) -> None:
        """Take in that everybody was started."""
        self.running, self.alive, self.paused = True, set(self.everybody), set()

    def all_off(self) -> None:
        """Take in that everybody was stopped."""
        self.running, self.alive, self.paused = False, set(), set()

    def ended(self, name: str) -> None:
        """Take in that an instance was ended."""
        self.alive.discard(name)
        self.paused.discard(name)

    def launched(self, name: str) -> None:
        """Take in that an instance was started, and the stage with it."""
        if name not in self.alive:
            self.paused.discard(name)
        self.alive.add(name)
        self.running = True

    def added(self, role: str) -> str:
        """Take in that an instance came; return its name."""
        declared, names = self.pattern.role(role), self.names[role]
        name = next(each for number in range(1, 99) if (each := declared.instance(number)) not in names)
        names.append(name)
        names.sort(key=lambda each: int(each.rpartition("-")[2]))
        if self.running:
            self.alive.add(name)
        return name

    def removed(self, role: str, name: str) -> None:
        """Take in that an instance was taken off."""
        self.names[role].remove(name)
        self.ended(name)
        self.filters.pop(name, None)


class Model:
    """Draws operations, and knows what comes of them.

    Args:
        seed: What everything is drawn from.
        patterns: What is played.
    """

    def __init__(self, seed: str, patterns: list[Pattern]) -> None:
        self.dice = random.Random(seed)
        self.parts = {each.name: Part(each, self.dice.choice(TRANSPORTS)) for each in patterns}
        self._draws: list[tuple[float, Callable[[Part], Operation | None]]] = [
            (5, self._start), (3, self._stop), (8, self._launch), (16, self._kill), (10, self._revive),
            (6, self._pause), (8, self._resume), (5, self._add), (4, self._remove), (2, self._set_count),
            (6, self._knob), (4, self._filter), (2, self._transport), (2, self._reset), (2, self._press),
            (6, self._look), (1, self._act), (3, self._outsider), (3, self._garbage), (8, self._flow),
            (2, self._batch), (0.4, self._squat), (5, self._rest), (1, self._free_ports),
        ]  # fmt: skip

    def draw(self) -> Operation:
        """Draw the next operation and take in what comes of it."""
        if self.dice.random() < 0.06:
            return self._together()
        while True:
            part = self.dice.choice(list(self.parts.values()))
            weights, draws = zip(*self._draws, strict=True)
            [draw] = self.dice.choices(draws, weights)
            operation: Operation | None = draw(part)
            if operation:
                return operation

    def _of(self, what: str, part: Part, *arguments: Any) -> Operation:
        return Operation(what, part.pattern.name, arguments)

    def _together(self) -> Operation:
        """Several at once: different things in different stages, or to different instances of one."""
        operations: list[Operation] = []
        parts = list(self.parts.values())
        if self.dice.random() < 0.5:
            for part in self.dice.sample(parts, self.dice.randint(2, len(parts))):
                draws = (self._stop, self._start, self._kill, self._revive, self._look, self._reset, self._transport)
                operations += filter(None, [self.dice.choice(draws)(part)])
        else:
            part = self.dice.choice([each for each in parts if each.running] or parts)
            everybody = part.everybody
            for name in self.dice.sample(everybody, min(len(everybody), self.dice.randint(2, 6))):
                upset = self.dice.choice((self._kill, self._revive, self._pause))
                operations += filter(None, [upset(part, name) if part.running else self._look(part)])
            operations.append(self._look(part))
        return Operation("together", "", tuple(operations))

    def _start(self, part: Part) -> Operation | None:
        if part.running:
            return None
        part.all_on()
        return self._of("start", part)

    def _stop(self, part: Part) -> Operation | None:
        if not part.running:
            return None
        part.all_off()
        return self._of("stop", part)

    def _launch(self, part: Part) -> Operation | None:
        away = [name for name in part.everybody if name not in part.alive]
        if not away:
            return None
        name = self.dice.choice(away)
        part.launched(name)
        return self._of("launch", part, name)

    def _kill(self, part: Part, name: str = "") -> Operation | None:
        there = [each for each in part.everybody if each in part.alive]
        if not there and not name:
            return None
        name = name or self.dice.choice(there)
        part.ended(name)
        return self._of("kill", part, name)

    def _revive(self, part: Part, name: str = "") -> Operation | None:
        name = name or self.dice.choice(part.everybody)
        part.ended(name)
        part.launched(name)
        return self._of("revive", part, name)

    def _pause(self, part: Part, name: str = "") -> Operation | None:
        name = name or self.dice.choice(part.everybody)
        if name in part.alive:
            part.paused.add(name)
        return self._of("pause", part, name)

    def _resume(self, part: Part) -> Operation | None:
        paused = [name for name in part.everybody if name in part.paused]
        if not paused:
            return None
        name = self.dice.choice(paused)
        part.paused.discard(name)
        return self._of("resume", part, name)

    def _role(self, part: Part) -> str:
        return self.dice.choice([role.name for role in part.pattern.roles if role.most > 1])

    def _add(self, part: Part) -> Operation | None:
        role = self._role(part)
        if len(part.names[role]) >= min(MOST, part.pattern.role(role).most):
            return None
        return self._of("add", part, role, part.added(role))

    def _remove(self, part: Part) -> Operation | None:
        role = self._role(part)
        names = [name for name in part.names[role] if name != WITNESS]
        if not names or len(part.names[role]) < 2:
            return None
        name = self.dice.choice(names)
        part.removed(role, name)
        return self._of("remove", part, name)

    def _set_count(self, part: Part) -> Operation | None:
        role = self._role(part)
        most = part.pattern.role(role).most
        count = min(most, self.dice.choice((1, 2, 3, 5, 16)))
        while len(part.names[role]) > count:
            part.removed(role, part.names[role][-1])
        while len(part.names[role]) < count:
            part.added(role)
        return self._of("set_count", part, role, count)

    def _knob(self, part: Part) -> Operation | None:
        knobs = KNOBS[part.pattern.name]
        if not knobs:
            return None
        name = self.dice.choice(list(knobs))
        return self._of("knob", part, name, self.dice.choice(knobs[name]))

    def _filter(self, part: Part) -> Operation | None:
        names = [name for name in part.names.get("subscriber", ()) if name != WITNESS]
        if not names:
            return None
        name, value = self.dice.choice(names), self.dice.choice(FILTERS)
        part.filters[name] = value
        return self._of("filter", part, name, value)

    def _transport(self, part: Part) -> Operation | None:
        part.transport = self.dice.choice(TRANSPORTS)
        if part.running:
            part.all_on()
        return self._of("transport", part, part.transport)

    def _reset(self, part: Part) -> Operation | None:
        if part.running:
            part.all_on()
        return self._of("reset", part)

    def _press(self, part: Part) -> Operation | None:
        return self._of("press", part) if part.pattern.gate else None

    def _look(self, part: Part) -> Operation:
        return self._of("look", part)

    def _act(self, part: Part) -> Operation | None:
        if not part.pattern.actions:
            return None
        [action, *_] = part.pattern.actions
        there = [name for name in part.names[action.role] if name in part.alive]
        return self._of("act", part, self.dice.choice(there)) if there else None

    def _outsider(self, part: Part) -> Operation | None:
        if part.transport != "tcp":
            return None
        return self._of("outsider", part, self.dice.choice((0.0, 0.01, 0.05)))

    def _garbage(self, part: Part) -> Operation | None:
        if part.transport != "tcp":
            return None
        return self._of("garbage", part, self.dice.getrandbits(32))

    def _flow(self, part: Part) -> Operation | None:
        return self._of("flow", part) if part.running else None

    def _batch(self, part: Part) -> Operation | None:
        """A batch of a pipeline from a new beginning, with some of the workers killed in the middle of it."""
        if part.pattern.name != "pipeline":
            return None
        workers = part.names["worker"]
        victims = self.dice.sample(workers, self.dice.randint(0, len(workers) - 1))
        part.all_on()
        for name in victims:
            part.ended(name)
        return self._of("batch", part, tuple(victims), self.dice.choice((0.0, 0.0, 0.005, 0.02)))

    def _squat(self, part: Part) -> Operation | None:
        """Another program takes a port; it gives it back in time, or the stage moves."""
        if part.transport != "tcp" or not part.running:
            return None
        binder = self.dice.choice(part.binders)
        moves = self.dice.random() < 0.3
        part.ended(binder)
        part.launched(binder)
        if moves:
            part.all_on()
        return self._of("squat", part, binder, moves)

    def _free_ports(self, part: Part) -> Operation:
        return self._of("free_ports", part)

    def _rest(self, part: Part) -> Operation:
        return Operation("rest", "", (self.dice.choice((0.005, 0.02, 0.05)),))

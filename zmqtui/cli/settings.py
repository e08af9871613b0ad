"""``--set``, ``--at``, ``--limit`` and the like: text from the command line to what a stage takes."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from zmqtui.cli.arguments import choose, nearest, number, shown
from zmqtui.core.addresses import check_address, exposed
from zmqtui.core.limits import LIMITS, Limits
from zmqtui.core.model import TRANSPORTS, BadInput, Knob, Pattern, Role
from zmqtui.core.stage import Stage


class Settings:
    """What was asked of a stage.

    Attributes:
        counts: Instances by role.
        knobs: Values by name.
        at: Addresses by endpoint.
        seed: For what is random.
        transport: What to run on.
        limits: On what a peer may cost.
        expose: Whether to bind where others on the network can connect.
    """

    def __init__(
        self, *, seed: int | None = None, transport: str = TRANSPORTS[0], limits: Limits | None = None
    ) -> None:
        self.counts: dict[str, int] = {}
        self.knobs: dict[str, Any] = {}
        self.at: dict[str, str] = {}
        self.seed = seed
        self.transport = transport
        self.limits = limits or Limits()
        self.expose = False


def find_pattern(name: str, near: Sequence[str] = ()) -> Pattern:
    """Return the pattern called `name`.

    Args:
        name: As on the command line.
        near: What else could have been meant.

    Raises:
        BadInput: If there is none.
    """
    from zmqtui.patterns import every

    patterns = {pattern.name: pattern for pattern in every()}
    return patterns[choose(name, list(patterns), "pattern", near)]


def read_settings(
    pattern: Pattern, arguments: argparse.Namespace, defaults: Literal["app", "run", "alone"] = "app", only: str = ""
) -> Settings:
    """Read what the command line sets.

    Args:
        pattern: Whose knobs, roles and endpoints.
        arguments: With ``set``, ``at``, ``seed`` and perhaps ``transport``, ``limit`` and ``expose``.
        defaults: Whose defaults the knobs have.
        only: The one role that is played; there is one instance of it unless more are asked for.

    Raises:
        BadInput: If a name is unknown, a value is out of range, or values do not fit together.
    """
    settings = Settings()
    if only:
        settings.counts[only] = 1
    if defaults != "app":
        for knob in pattern.knobs:
            value = knob.run if defaults == "run" else knob.alone
            if value is not None:
                settings.knobs[knob.name] = value
    own: list[tuple[str, str, str]] = []
    for text in arguments.set:
        name, value = _pair(text, "--set", "NAME=VALUE, such as", pattern.knobs[0].name)
        instance, dot, last = name.rpartition(".")
        if dot:
            own.append((instance, last, value))
        else:
            _set_one(pattern, settings, name, value)
    for instance, name, value in own:
        # After the shared ones, which would undo them.
        knob = _knob(pattern, name)
        _check_instance(pattern, settings, instance, knob)
        settings.knobs[f"{instance}.{name}"] = _parse(knob, value)
    for text in arguments.at:
        name, address = _pair(text, "--at", "ENDPOINT=ADDRESS, such as", pattern.endpoints[0].name)
        choose(name, [endpoint.name for endpoint in pattern.endpoints], f"{pattern.name} endpoint")
        settings.at[name] = check_address(address)
    for text in getattr(arguments, "limit", ()):
        name, value = _pair(text, "--limit", "NAME=VALUE, such as", "memory")
        choose(name, [limit.name for limit in LIMITS], "limit")
        settings.limits = settings.limits.parsed(name, value)
    if hasattr(arguments, "expose"):
        settings.expose = arguments.expose
        _check_exposure(pattern, settings, [only] if only else [role.name for role in pattern.roles])
    if arguments.seed is not None:
        settings.seed = number(arguments.seed, "--seed", int, -(10**18), 10**18)
    settings.transport = choose(getattr(arguments, "transport", TRANSPORTS[0]), TRANSPORTS, "transport")
    return settings


def make_stage(pattern: Pattern, settings: Settings, *, whole: bool = False) -> Stage:
    """Return a stage as asked for.

    Raises:
        BadInput: If it cannot be.
    """
    stage = Stage(
        pattern,
        transport=settings.transport,
        seed=settings.seed,
        counts=settings.counts,
        knobs=settings.knobs,
        at=settings.at,
        limits=settings.limits,
        expose=settings.expose,
        whole=whole,
    )
    meeting: dict[str, str] = {}
    for name, address in stage.addresses.items():
        if address in meeting:
            raise BadInput(f"{meeting[address]} and {name} are both at {shown(address)}: move one with --at {name}=…")
        meeting[address] = name
    return stage


def _check_exposure(pattern: Pattern, settings: Settings, roles: list[str]) -> None:
    """Refuse to bind beyond loopback unless that was allowed, and to allow what nobody does."""
    wide = exposed(pattern, settings.at, roles)
    if wide and not settings.expose:
        name, address = next(iter(wide.items()))
        raise BadInput(
            f"{name}: at {shown(address)} anybody on the network could connect, and nothing is encrypted: add --expose"
            " if that is meant"
        )
    if settings.expose and not wide:
        raise BadInput(
            f"--expose opens nothing by itself: say what, as --at {pattern.endpoints[0].name}=tcp://*:"
            f"{pattern.endpoints[0].port}"
        )


def _pair(text: str, option: str, form: str, example: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name.strip():
        raise BadInput(f"{option} takes {form} {option} {example}=…, not {shown(text)}")
    # A byte of the command line that is not UTF-8 is meant as that byte.
    value = re.sub("[\udc80-\udcff]", lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", value)
    return name.strip(), value


def _set_one(pattern: Pattern, settings: Settings, name: str, value: str) -> None:
    if role := _role(pattern, name):
        settings.counts[name] = number(value, name, int, 1, role.most)
    else:
        settings.knobs[name] = _parse(_knob(pattern, name), value)


def _role(pattern: Pattern, name: str) -> Role | None:
    return next((role for role in pattern.roles if role.name == name), None)


def _knob(pattern: Pattern, name: str) -> Knob:
    knobs = {knob.name: knob for knob in pattern.knobs}
    if name in knobs:
        return knobs[name]
    roles = [role.name for role in pattern.roles]
    hint = nearest(name, [*knobs, *roles]) or ":"
    raise BadInput(
        f"{pattern.name} has no knob {shown(name)}{hint} --set takes {_listed(knobs)}, or how many there are of a role"
        f" ({_listed(roles)})"
    )


def _parse(knob: Knob, value: str) -> Any:
    try:
        return knob.parse(value)
    except OverflowError:
        raise BadInput(f"{knob.name} takes {knob.range}, not {shown(value)}") from None


def _check_instance(pattern: Pattern, settings: Settings, name: str, knob: Knob) -> None:
    if not knob.each:
        raise BadInput(f"{knob.name} is one knob for all: write --set {knob.name}=… without {shown(name)}")
    role = pattern.role(knob.role)
    count = settings.counts.get(role.name, role.default)
    names = [role.instance(place) for place in range(1, count + 1)]
    if name not in names:
        have = names[0] if count == 1 else f"{names[0]} to {names[-1]}"
        raise BadInput(f"no {shown(name)} has {knob.name}: choose from {have}, or have more with --set {role.name}=N")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)

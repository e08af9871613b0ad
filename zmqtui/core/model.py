"""What a pattern is: frozen declarations, from which tabs, controls and the command line are made."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from zmqtui.core.text import payload, printable, typed

if TYPE_CHECKING:
    from zmqtui.core.sockets.traced import Context, Socket
    from zmqtui.core.watch import Watcher

TRANSPORTS = ("tcp", "inproc", "ipc")
"""The transports a stage can run on; the first is the default."""


class BadInput(ValueError):
    """Something a user asked for cannot be; the text says what to do instead, on one line."""


class Endpoints:
    """A role's endpoints: one attribute per name, its value the address, such as ``tcp://127.0.0.1:5555``."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses

    def __getattr__(self, name: str) -> str:
        try:
            return self._addresses[name]
        except KeyError:
            raise AttributeError(f"no endpoint {name!r}: there are {', '.join(self._addresses)}") from None


class Knobs:
    """A role's knobs: one attribute per name, read afresh at every use, so that a change takes effect at once."""

    def __init__(self, own: Mapping[str, Any], shared: Mapping[str, Any]) -> None:
        self._own = own
        self._shared = shared

    def __getattr__(self, name: str) -> Any:
        for values in (self._own, self._shared):
            if name in values:
                return values[name]
        raise AttributeError(f"no knob {name!r}: there are {', '.join(self._shared)}")


RoleFunction = Callable[["Context", Endpoints, Knobs], None]
"""What a role is: a plain function that reads like a pyzmq tutorial."""


class Role(NamedTuple):
    """One part in a pattern and how many may play it.

    Attributes:
        name: As on the command line, such as ``client``; instances are ``client-1``, ``client-2``, or the bare
            name where only one may play it.
        function: The code that runs, and that is shown.
        default: Instances at the start.
        most: The most instances; 1 means that the role has no number.
    """

    name: str
    function: RoleFunction
    default: int = 1
    most: int = 1

    def instance(self, number: int) -> str:
        """Name instance `number`, from 1."""
        return self.name if self.most == 1 else f"{self.name}-{number}"


class Link(NamedTuple):
    """A role's end of an endpoint: the role and the ZeroMQ socket type it uses there."""

    role: str
    socket: str


class Endpoint(NamedTuple):
    """A place where sockets meet: one role binds it, others connect to it.

    Attributes:
        name: What role functions call it.
        port: The default tcp port, 1 to 65535.
        bind: Who binds, with which socket type.
        connect: Who connects, with which socket types.
    """

    name: str
    port: int
    bind: Link
    connect: tuple[Link, ...]

    def touches(self, role: str) -> bool:
        """Tell whether `role` binds or connects here."""
        return self.bind.role == role or any(link.role == role for link in self.connect)


class Knob(NamedTuple):
    r"""A value the user turns, live.

    Attributes:
        name: As on the command line.
        kind: ``int`` and ``float`` are numbers within `low`..`high`; ``payload`` is bytes, typed as text with
            ``\x..``; ``filters`` is a tuple of prefixes, typed with commas, empty for everything, ``none`` for none.
        default: The value in the app.
        help: One line.
        unit: What a number counts, such as ``s`` or ``ms``.
        low: The least number.
        high: The greatest number.
        label: A shorter name for the screen.
        role: The role it belongs to; with `each`, every instance of it has a value of its own.
        each: Whether every instance has a value of its own.
        run: The default of ``zmqtui run`` where it differs.
        alone: The default of ``zmqtui role`` where it differs.
        apply: Called in the owner's thread between its waits with (sockets, old value, new value) when the value
            changes: for what a role cannot notice by itself while it is blocked.
    """

    name: str
    kind: Literal["int", "float", "payload", "filters"]
    default: Any
    help: str
    unit: str = ""
    low: float = 0
    high: float = math.inf
    label: str = ""
    role: str = ""
    each: bool = False
    run: Any = None
    alone: Any = None
    apply: Callable[[list[Socket], Any, Any], None] | None = None

    def parse(self, text: str) -> Any:
        """Read a value as typed by a person.

        Raises:
            BadInput: If it is no such value, or out of range.
        """
        try:
            match self.kind:
                case "payload":
                    return payload(text)
                case "filters":
                    return _filters(text)
                case "int":
                    value: float = int(text)
                case "float":
                    value = float(text)
        except ValueError as error:
            if self.kind in ("payload", "filters"):
                raise BadInput(f"{self.name}: {printable(str(error))}") from None
            raise BadInput(f"{self.name} takes {self.range}, not {printable(text, 40)!r}") from None
        return self.check(value)

    def check(self, value: Any) -> Any:
        """Return `value` if it is in range.

        Raises:
            BadInput: If it is not.
        """
        fits = isinstance(value, _TYPES[self.kind]) and not isinstance(value, bool)
        if fits and self.kind == "filters":
            fits = all(isinstance(prefix, bytes) for prefix in value)
        if not fits or (self.kind in ("int", "float") and not self.low <= value <= self.high):
            raise BadInput(f"{self.name} takes {self.range}, not {printable(str(value), 40)}")
        return value

    def format(self, value: Any) -> str:
        """Return the text that `parse` reads back as `value`."""
        match self.kind:
            case "payload":
                return typed(value)
            case "filters":
                return ",".join(map(_typed_filter, value)) if value else "none"
            case _:
                short = f"{value:g}"
                return short if float(short) == value else str(value)

    @property
    def range(self) -> str:
        """The values it takes, in words."""
        match self.kind:
            case "payload":
                return r"text, with \x.. for bytes"
            case "filters":
                return "prefixes with commas, empty for everything, or none"
            case _:
                noun = "a whole number" if self.kind == "int" else "a number"
                unit = f" {self.unit}" if self.unit else ""
                return f"{noun} from {self.low:,g} to {self.high:,.10g}{unit}"


_TYPES: dict[str, Any] = {"int": int, "float": (int, float), "payload": bytes, "filters": tuple}


def _filters(text: str) -> tuple[bytes, ...]:
    if text.strip() == "none":
        return ()
    parts = [part.strip() for part in re.findall(r"(?:\\.|[^,])+", text, re.DOTALL)]
    kept = [part for part in parts if part] or [""]
    return tuple(dict.fromkeys(payload(part) for part in kept))


def _typed_filter(prefix: bytes) -> str:
    """Return one filter as it is typed: what would be read as something else is written as bytes."""
    text = typed(prefix).replace(",", r"\,")
    if text == "none" or text != text.strip():
        return "".join(f"\\x{byte:02x}" for byte in prefix)
    return text


class Gate(NamedTuple):
    """A button that a role waits for in ``ask()``.

    Attributes:
        role: Who waits.
        label: What the button says.
        key: Its key.
        endpoint: Where the peers that should be there connect.
        peers: The role that connects there.
    """

    role: str
    label: str
    key: str
    endpoint: str
    peers: str


class Action(NamedTuple):
    """Something a user can make an instance of a role do, run in its own thread between its waits.

    Attributes:
        role: Whose instances can do it.
        key: Its key.
        label: What it is called.
        function: Called with (sockets, knobs); what it raises is shown as that instance's error.
    """

    role: str
    key: str
    label: str
    function: Callable[[list[Socket], Knobs], None]


def _no_rule(values: Mapping[str, Any]) -> str:
    return ""


class Pattern(NamedTuple):
    """A messaging pattern, declared.

    Attributes:
        name: As on the command line, such as ``reqrep``.
        title: As on the tab.
        short: The title where there is little room.
        about: Three sentences or so for somebody who meets it first.
        roles: In the order in which they start.
        endpoints: Where they meet.
        knobs: What the user can turn.
        watcher: Makes the object that reads the traffic and says what it means.
        done: The role whose instances all finish when the pattern is done; empty if it never is.
        gate: The button a role waits for.
        actions: What else the user can make instances do.
        rule: Given all knob values, says in words which of them do not fit together, or nothing.
    """

    name: str
    title: str
    short: str
    about: str
    roles: tuple[Role, ...]
    endpoints: tuple[Endpoint, ...]
    knobs: tuple[Knob, ...]
    watcher: Callable[[], Watcher]
    done: str = ""
    gate: Gate | None = None
    actions: tuple[Action, ...] = ()
    rule: Callable[[Mapping[str, Any]], str] = _no_rule

    def role(self, name: str) -> Role:
        """Return the role called `name`.

        Raises:
            BadInput: If there is none.
        """
        return _named(self.roles, name, f"{self.name} has no role", "role")

    def knob(self, name: str) -> Knob:
        """Return the knob called `name`.

        Raises:
            BadInput: If there is none.
        """
        return _named(self.knobs, name, f"{self.name} has no knob", "knob")

    def endpoint(self, name: str) -> Endpoint:
        """Return the endpoint called `name`.

        Raises:
            BadInput: If there is none.
        """
        return _named(self.endpoints, name, f"{self.name} has no endpoint", "endpoint")


_Named = TypeVar("_Named", Role, Knob, Endpoint)


def _named(things: tuple[_Named, ...], name: str, refusal: str, noun: str) -> _Named:
    for thing in things:
        if thing.name == name:
            return thing
    known = ", ".join(thing.name for thing in things)
    raise BadInput(f"{refusal} {printable(name, 40)!r}: choose a {noun} from {known}")

"""A role as a script: what it holds, and that every value and address in it is what it should be."""

from __future__ import annotations

import ast
import inspect
import math
from typing import Any

import pytest
import zmq

from zmqtui.core.export.script import script
from zmqtui.core.model import BadInput, Endpoint, Endpoints, Knob, Knobs, Link, Pattern, Role
from zmqtui.core.role import ask, say, sleep
from zmqtui.core.sockets.traced import Context
from zmqtui.core.watch import Watcher
from zmqtui.patterns import every, find

LIMIT: int = 3  # tries
_FACES = {"bound": "bind"}


def twice(function: Any, *, times: int = LIMIT, **more: Any) -> Any:
    """Hand a function on."""
    return function if times else more


def greet(text: str, end: str = "!") -> None:
    """Say it in capitals, as often as there are tries."""
    for _ in range(LIMIT):
        say(text.upper(), end)


@twice
def loud(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    r"""Use whatever there is: "quotes" and \ in the docstring, a helper, a constant, a decorator."""
    sleep = 3  # a local name, not the word

    def inner(number: int, far: math.floor = math.floor) -> int:  # type: ignore[valid-type]
        return far(number + sleep)  # type: ignore[no-any-return, misc]

    socket = context.socket(zmq.PAIR)
    getattr(socket, _FACES["bound"])(endpoints.line)
    greet(f"{inner(knobs.loudness)}")
    ask("Go? ")


def quiet(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Use a knob and hand all of them on."""
    context.socket(zmq.PAIR).connect(endpoints.line)
    sleep(len(vars(knobs)))


def captive(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Use what only the playground has."""
    find("reqrep")


PATTERN = Pattern(
    name="test",
    title="Te\\st",
    short="Test",
    about="For tests.",
    roles=(Role("loud", loud), Role("quiet", quiet), Role("captive", captive)),
    endpoints=(
        Endpoint("line", 1234, Link("loud", "PAIR"), (Link("quiet", "PAIR"),)),
        Endpoint("other", 1, Link("quiet", "PUB"), ()),
    ),
    knobs=(Knob("loudness", "int", 1, "how loud", "dB"), Knob("text", "payload", b"", "a text " * 30)),
    watcher=Watcher,
)  # fmt: skip
ADDRESSES = {"line": "tcp://127.0.0.1:5", "other": "tcp://127.0.0.1:6"}
VALUES = {"loudness": 1, "text": b""}


def made(role: str, **more: Any) -> str:
    """Return a script of the test's pattern."""
    return script(PATTERN, PATTERN.role(role), more.get("at", ADDRESSES), VALUES | more.get("knobs", {}))


def namespace(text: str, name: str) -> dict[str, Any]:
    """Run a script but for its last part, and return what is in one of its namespaces."""
    scope: dict[str, Any] = {"__name__": "a test"}
    exec(compile(text, "script", "exec"), scope)
    return dict(vars(scope[name]))


@pytest.mark.parametrize("pattern", every(), ids=lambda pattern: pattern.name)
def test_it_is_the_code_that_runs(pattern: Pattern) -> None:
    """But for the signature, every line of the function must be in the script as it stands in the pattern's file."""
    addresses = {each.name: f"tcp://127.0.0.1:{each.port}" for each in pattern.endpoints}
    for role in pattern.roles:
        text = script(pattern, role, addresses, {each.name: each.default for each in pattern.knobs})
        signature, _, body = inspect.getsource(role.function).partition("\n")
        assert signature.endswith("(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:")
        assert f"\ndef {role.name}(context, endpoints, knobs):\n{body}\n\nif __name__" in text


def test_it_brings_along_what_it_uses_and_nothing_else() -> None:
    """Helpers, constants, decorators and imports of the module, but neither annotations nor what is shadowed."""
    text = made("loud")
    assert [line for line in text.splitlines() if line.startswith(("import", "from"))] == [
        "import math",
        "from contextlib import suppress",
        "from types import SimpleNamespace",
        "import zmq",
    ]
    assert "LIMIT: int = 3  # tries\n" in text
    assert 'def greet(text, end="!"):\n' in text
    assert "def twice(function, *, times=LIMIT, **more):\n" in text
    assert "@twice\ndef loud(context, endpoints, knobs):\n" in text
    assert "    def inner(number, far=math.floor):  # type: ignore" in text
    assert "time" not in text.partition("def loud")[0].replace("times", "")
    scope: dict[str, Any] = {"__name__": "a test"}
    exec(compile(text, "script", "exec"), scope)
    assert scope["loud"].__doc__ == loud.__doc__


def test_only_what_is_used_is_listed() -> None:
    """Who hands its knobs on may use all of them."""
    assert namespace(made("loud"), "knobs") == {"loudness": 1}
    assert namespace(made("quiet"), "knobs") == {"loudness": 1, "text": b""}
    assert namespace(made("quiet"), "endpoints") == {"line": "tcp://127.0.0.1:5"}
    assert "loudness=1,  # how loud (dB)\n" in made("loud")


@pytest.mark.parametrize(
    "value",
    [
        *(b"", b"Hello", b"it's", b'"""', b"\x00\\\n\xff'\"", bytes(range(256)) * 9, "π\n'\"\x1b" * 30),
        *((), (b"1",), (b"1", b"'", b"\x00,"), (b"x" * 300, b"\xff" * 300)),
        *(10**30, -1.5, 1e300, math.inf, -math.inf, True, None),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_values_come_back_as_they_are(value: Any) -> None:
    """Whatever a knob holds, the script must hold the same, and no line of it may be too long to read."""
    text = made("quiet", knobs={"text": value})
    assert namespace(text, "knobs")["text"] == value
    assert max(map(len, text.splitlines())) <= 120


PRIVATE = "ipc:///tmp/zmqtui-0123456789ab/test-line"


@pytest.mark.parametrize(
    ("address", "binds", "connects"),
    [
        ("tcp://192.0.2.1:7", "tcp://192.0.2.1:7", "tcp://192.0.2.1:7"),
        ("tcp://*:7", "tcp://*:7", "tcp://127.0.0.1:7"),
        ("tcp://0.0.0.0:7", "tcp://0.0.0.0:7", "tcp://127.0.0.1:7"),
        ("tcp://[::1]:7", "tcp://[::1]:7", "tcp://[::1]:7"),
        ("ipc:///tmp/it's", "ipc:///tmp/it's", "ipc:///tmp/it's"),
        ("inproc://test/line", "tcp://127.0.0.1:1234", "tcp://127.0.0.1:1234"),
        (PRIVATE, "tcp://127.0.0.1:1234", "tcp://127.0.0.1:1234"),
    ],
)
def test_addresses_can_be_reached_from_outside(address: str, binds: str, connects: str) -> None:
    """What ends with the playground is replaced, and that is said; all interfaces cannot be connected to."""
    for role, place in (("loud", binds), ("quiet", connects)):
        text = made(role, at=ADDRESSES | {"line": address})
        assert namespace(text, "endpoints")["line"] == place
        assert ("ends with it" in text) == (place.startswith("tcp") and not address.startswith("tcp"))
        assert ("IPV6" in text) == ("[" in place)


def test_what_cannot_leave_the_playground_is_refused() -> None:
    """One line must say what it is; a script that fails when it runs helps nobody."""
    with pytest.raises(BadInput, match="captive: find is known only inside the playground"):
        made("captive")
    outside = 3

    def closure(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        sleep(outside)

    with pytest.raises(BadInput, match="outside"):
        script(PATTERN, Role("closure", closure), ADDRESSES, VALUES)


def test_a_function_without_a_source_is_refused() -> None:
    """One made by hand, by exec or in C has none."""
    scope: dict[str, Any] = {}
    exec("def typed(context, endpoints, knobs): pass", scope)
    for function in (scope["typed"], print, lambda context, endpoints, knobs: None):
        with pytest.raises(BadInput):
            script(PATTERN, PATTERN.role("loud")._replace(function=function), ADDRESSES, VALUES)


def test_a_function_inside_of_another_stands_at_the_margin() -> None:
    """A pattern made in a function has its roles indented."""

    def nested(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        sleep(1)

    text = script(PATTERN, Role("nested", nested), ADDRESSES, VALUES)
    assert "\ndef nested(context, endpoints, knobs):\n    sleep(1)\n" in text
    ast.parse(text)

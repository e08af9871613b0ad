"""Declarations and the values of knobs."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from zmqtui.core.model import BadInput, Endpoints, Knob, Knobs
from zmqtui.patterns import every, find

NUMBER = Knob("n", "int", 5, "a number", low=1, high=10)
SHARE = Knob("f", "float", 0.5, "a share", low=0, high=1e6, unit="s")
BYTES = Knob("p", "payload", b"", "bytes")
FILTERS = Knob("filter", "filters", (b"",), "prefixes")


@pytest.mark.parametrize("text", ["0", "11", "-1", "1.5", "x", "", "9" * 400, "9" * 5000, "nan", "\x1b[31m"])
def test_numbers_out_of_range_are_refused(text: str) -> None:
    """Protects roles from values that libzmq or sleep() choke on, and the terminal from the text of the refusal."""
    with pytest.raises(BadInput, match="a whole number from 1 to 10") as caught:
        NUMBER.parse(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["nan", "inf", "-0.1", "1e7", "1e999"])
def test_fractions_out_of_range_are_refused(text: str) -> None:
    """Protects from what float() takes and sleep() does not."""
    with pytest.raises(BadInput, match="a number from 0 to 1,000,000 s"):
        SHARE.parse(text)


@pytest.mark.parametrize(
    ("knob", "value"),
    [(NUMBER, 2.5), (NUMBER, True), (NUMBER, "3"), (BYTES, "text"), (FILTERS, b"x"), (FILTERS, ("x",)), (SHARE, None)],
)
def test_values_of_another_kind_are_refused(knob: Knob, value: Any) -> None:
    """Protects a running role from a value its code does not expect."""
    with pytest.raises(BadInput):
        knob.check(value)


def test_defaults_read_back() -> None:
    """Protects the list command: every default can be typed as it is shown."""
    for pattern in every():
        for knob in pattern.knobs:
            for value in (knob.default, knob.run, knob.alone):
                if value is not None:
                    assert knob.parse(knob.format(value)) == value, knob.name


def test_numbers_read_back() -> None:
    """Protects against a fraction that loses digits on its way through the screen."""
    dice = random.Random(3)
    for value in [0.1, 1 / 3, 1e-9, 123456.789, *(dice.uniform(0, 1e6) for _ in range(500))]:
        assert SHARE.parse(SHARE.format(value)) == value
    assert SHARE.format(1.0) == "1"
    assert math.isclose(SHARE.parse("0.25"), 0.25)


@pytest.mark.parametrize(
    "filters",
    [(), (b"",), (b"10001",), (b"1", b"2"), (b"none",), (b"a,b", b"c"), (b"\\", b"a"), (b" x ",), (b"\xff\x00",)],
)
def test_filters_read_back(filters: tuple[bytes, ...]) -> None:
    """Protects the filter input: commas, backslashes, blanks and the word none are prefixes too."""
    assert FILTERS.parse(FILTERS.format(filters)) == filters


def test_random_filters_read_back() -> None:
    """Protects the filter input from whatever the cases above forgot."""
    dice = random.Random(4)
    for _ in range(2000):
        drawn = [bytes(dice.choices(b"a ,\\n\x00\xc3\xa9x1", k=dice.randint(1, 5))) for _ in range(dice.randint(1, 3))]
        filters = tuple(dict.fromkeys(drawn))
        assert FILTERS.parse(FILTERS.format(filters)) == filters


@pytest.mark.parametrize(
    ("text", "filters"),
    [("", (b"",)), ("  ", (b"",)), ("none", ()), ("1,", (b"1",)), (" 1 , 2 ", (b"1", b"2")), ("1,1", (b"1",))],
)
def test_filters_as_typed(text: str, filters: tuple[bytes, ...]) -> None:
    """Protects somebody in the middle of typing: a comma at the end does not mean everything."""
    assert FILTERS.parse(text) == filters


def test_unknown_names_say_what_there_is() -> None:
    """Protects whoever misspells a name."""
    pattern = find("reqrep")
    for look, name in ((pattern.role, "clent"), (pattern.knob, "wrok"), (pattern.endpoint, "reqests")):
        with pytest.raises(BadInput, match="choose a"):
            look(name)
    with pytest.raises(BadInput, match="reqrep, pubsub, pipeline"):
        find("\x1b")
    with pytest.raises(AttributeError, match="there are a"):
        _ = Endpoints({"a": "x"}).b
    with pytest.raises(AttributeError, match="there are a"):
        _ = Knobs({}, {"a": 1}).b


def test_declarations_fit_together() -> None:
    """Protects every pattern, those to come included: its names refer to each other, its knobs hold their defaults."""
    for pattern in every():
        roles = {role.name for role in pattern.roles}
        for endpoint in pattern.endpoints:
            assert {endpoint.bind.role, *(link.role for link in endpoint.connect)} <= roles
        for knob in pattern.knobs:
            assert knob.role in roles
            knob.check(knob.default)
        assert pattern.done in {"", *roles}
        assert not pattern.rule({knob.name: knob.default for knob in pattern.knobs})

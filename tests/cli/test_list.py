"""``zmqtui list``."""

from __future__ import annotations

import json

import pytest

from zmqtui.__main__ import main
from zmqtui.patterns import every


def test_list_names_everything_that_can_be_set(capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever --set, --at and `role` take must be found in the list."""
    assert main(["list"]) == 0
    out = capfd.readouterr().out
    for pattern in every():
        part = out[out.index(f"{pattern.name}: {pattern.title}") :]
        names = [role.name for role in pattern.roles] + [endpoint.name for endpoint in pattern.endpoints]
        for name in names + [knob.name for knob in pattern.knobs]:
            assert f"    {name} " in part
    assert "tcp://127.0.0.1:5555" in out
    assert "client  3 (1 to 64)" in out
    assert "1 s" in out


def test_list_as_json(capfd: pytest.CaptureFixture[str]) -> None:
    """A program must be able to learn every name, range and default."""
    assert main(["list", "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["schema"] == 1
    assert [pattern["name"] for pattern in document["patterns"]] == [pattern.name for pattern in every()]
    reqrep, pubsub, pipeline = document["patterns"][:3]
    assert reqrep["roles"][1]["instances"] == {"default": 3, "low": 1, "high": 64}
    assert reqrep["endpoints"] == [
        {
            "name": "requests",
            "address": "tcp://127.0.0.1:5555",
            "port": 5555,
            "bind": {"role": "server", "socket": "REP"},
            "connect": [{"role": "client", "socket": "REQ"}],
        }
    ]
    knobs = {knob["name"]: knob for knob in reqrep["knobs"] + pubsub["knobs"] + pipeline["knobs"]}
    assert knobs["work"] | {"help": ""} == {
        "name": "work", "kind": "float", "help": "", "role": "server", "each": False, "unit": "s",
        "low": 0, "high": 3600, "default": 1.0, "default_run": 1.0, "default_role": 1.0,
    }  # fmt: skip
    assert knobs["filter"]["default"] == ["10001"]
    assert knobs["filter"]["each"]
    assert (knobs["batches"]["default"], knobs["batches"]["default_run"], knobs["batches"]["default_role"]) == (0, 1, 1)

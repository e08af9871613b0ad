"""What holds for every pattern on every transport."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.helpers import connected, events, figure, instance, received, sent, stage_of, stop, until
from zmqtui.core.model import BadInput, Pattern
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.patterns import every, find

TRANSPORTS = ("tcp", "inproc", "ipc")
QUICK: dict[str, dict[str, Any]] = {
    "reqrep": {"work": 0.002},
    "pubsub": {"span": 50, "filter": (b"1",), "rounds": 2, "rate": 5000},
    "pipeline": {"batches": 1, "cost_max": 3, "tasks": 40},
}
ENDLESS: dict[str, dict[str, Any]] = {
    "reqrep": {"work": 0.001, "requests": 0},
    "pubsub": {"span": 50, "filter": (b"1",), "rate": 2000},
    "pipeline": {"cost_max": 2, "tasks": 1_000_000},
}
"""What instance to wait for when it is proved that messages flow again."""
ROLES = [(pattern.name, role.name) for pattern in every() for role in pattern.roles]


def begin(stage: Stage) -> None:
    """Press the gate's button, if there is one, when all are connected."""
    if gate := stage.pattern.gate:
        connected(stage, gate.endpoint, len(stage.view().of(gate.peers)))
        stage.press()


def flows(stage: Stage) -> None:
    """Wait until the role that ends the pattern, each instance of it, receives more than it has now."""
    before = {each.name: each.received.messages for each in stage.view().of(stage.pattern.done)}

    def moved(name: str) -> bool:
        each = instance(stage, name)
        if stage.pattern.name == "reqrep" and (each.orphaned or not each.alive):
            # A client whose request died with its server waits for ever: only a new life helps.
            stage.revive(name)
        return each.received.messages > before[name]

    for name in before:
        until(lambda name=name: moved(name), what=name)  # type: ignore[misc]


def averages(stage: Stage) -> int:
    """Return how many averages were said."""
    return sum("Average temperature" in text for text in events(stage, kind="say"))


def proper_end(stage: Stage, pattern: Pattern) -> None:
    """Check the exact counts of a pattern that has come to its end."""
    until(lambda: stage.done, what=stage.watcher.sentence(stage.view()))
    match pattern.name:
        case "reqrep":
            until(lambda: sent(stage, "server") == received(stage, "client") == 30)
            until(lambda: sent(stage, "client") == received(stage, "server") == 30)
            assert {each.received.messages for each in stage.view().of("client")} == {10}
            until(lambda: figure(stage, "replies") == 30)
        case "pubsub":
            until(lambda: {each.received.messages for each in stage.view().of("subscriber")} == {10})
            until(lambda: averages(stage) and averages(stage) % 6 == 0)
        case "pipeline":
            until(lambda: received(stage, "sink") == 41)
            until(lambda: figure(stage, "results") == 40)
            until(lambda: sent(stage, "ventilator") == 41)
            ports = {(p.endpoint, p.sent.messages) for p in instance(stage, "ventilator").ports}
            assert ports == {("tasks", 40), ("results", 1)}
            until(lambda: sent(stage, "worker") == received(stage, "worker") == 40)
            assert figure(stage, "lost") == 0
    assert not events(stage, kind="error")
    assert stage.watcher.sentence(stage.view())


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("pattern", every(), ids=lambda pattern: pattern.name)
def test_each_pattern_comes_to_its_end(pattern: Pattern, transport: str) -> None:
    """Protects the main job: each pattern on each transport, with exact counts, twice on the same stage."""
    with stage_of(pattern, transport, knobs=QUICK[pattern.name]) as stage:
        for _ in range(2):
            stage.start()
            begin(stage)
            proper_end(stage, pattern)
            stop(stage)
            assert not stage.running


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("name", "order"),
    [(pattern.name, order) for pattern in every() for order in permutations(role.name for role in pattern.roles)],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_roles_start_in_any_order(name: str, order: tuple[str, ...], transport: str) -> None:
    """Protects the start order: none matters."""
    pattern = find(name)
    with stage_of(pattern, transport, knobs=QUICK[name]) as stage:
        for role in order:
            for each in stage.view().of(role):
                stage.launch(each.name)
                until(lambda each=each: instance(stage, each.name).state not in (State.RUNNING, State.BINDING))  # type: ignore[misc]
        begin(stage)
        proper_end(stage, pattern)


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
@pytest.mark.parametrize(("name", "role"), ROLES)
def test_anybody_is_killed_and_restarted(name: str, role: str, transport: str) -> None:
    """Protects restarts: whoever is killed, the others stay, and messages flow again when it is back."""
    with stage_of(find(name), transport, knobs=ENDLESS[name]) as stage:
        stage.start()
        begin(stage)
        flows(stage)
        who = stage.view().of(role)[0].name
        for life in (2, 3):
            stage.kill(who)
            assert instance(stage, who).state is State.KILLED
            others = [each for each in stage.view().instances if each.name != who]
            assert all(each.alive for each in others)
            stage.launch(who)
            assert instance(stage, who).life == life
            if role == "ventilator":
                begin(stage)
            if role == "sink":
                # It takes the next result for a start signal, as the tutorial's does.
                until(lambda: instance(stage, "sink").alive)
            flows(stage)
        stage.revive(who)
        assert instance(stage, who).life == 4
        assert not [text for text in events(stage, kind="error") if "books" in text]
        if transport == "inproc" and role in ("server", "publisher", "sink"):
            # Those who were waiting for a reply may have been started anew before they could connect again.
            until(lambda: any("the playground did that" in text for text in events(stage, kind="note")))


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
@pytest.mark.parametrize(("name", "role"), ROLES)
def test_anybody_is_paused_and_resumed(name: str, role: str, transport: str) -> None:
    """Protects pausing: who is paused neither sends nor receives, its sockets stay, and nothing is lost by it."""
    with stage_of(find(name), transport, knobs=ENDLESS[name] | ({"rate": 200} if name == "pubsub" else {})) as stage:
        stage.start()
        begin(stage)
        flows(stage)
        who = stage.view().of(role)[0].name
        for _ in range(3):
            stage.pause(who)
            until(lambda: instance(stage, who).state is State.PAUSED)
            assert instance(stage, who).paused
            until(lambda: len(set(counts(stage, who))) == 1)
            stage.resume(who)
            until(lambda: instance(stage, who).state is not State.PAUSED)
            flows(stage)
        assert instance(stage, who).life == 1
        assert not events(stage, kind="error")


def counts(stage: Stage, who: str) -> list[tuple[int, int]]:
    """Return an instance's counts three times, 50 ms apart or so: a paused one's are equal."""
    found = []
    for _ in range(3):
        start = stage.view().time
        until(lambda start=start: stage.view().time > start + 0.06)  # type: ignore[misc]
        each = instance(stage, who)
        found.append((each.sent.messages, each.received.messages))
    return found


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
@pytest.mark.parametrize(("name", "role"), ROLES)
def test_instances_are_added_and_removed(name: str, role: str, transport: str) -> None:
    """Protects growing and shrinking while the rest runs; a role that only one may play refuses."""
    pattern = find(name)
    with stage_of(pattern, transport, knobs=ENDLESS[name]) as stage:
        stage.start()
        begin(stage)
        flows(stage)
        declared = pattern.role(role)
        if declared.most == 1:
            with pytest.raises(BadInput, match="exactly 1"):
                stage.add(role)
            with pytest.raises(BadInput, match="exactly 1"):
                stage.remove(role)
            return
        added = stage.add(role)
        assert added == f"{role}-{declared.default + 1}"
        until(lambda: instance(stage, added).alive)
        if name != "pipeline":
            until(lambda: instance(stage, added).received.messages > 0)
        stage.remove(f"{role}-1")
        assert stage.view().instance(f"{role}-1") is None
        assert stage.add(role) == f"{role}-1"
        names = [each.name for each in stage.view().of(role)]
        assert names == sorted(names)
        flows(stage) if name != "pipeline" else None
        stage.set_count(role, 1)
        assert len(stage.view().of(role)) == 1
        with pytest.raises(BadInput):
            stage.remove(f"{role}-1")
        with pytest.raises(BadInput):
            stage.set_count(role, 65)
        stage.set_count(role, 3)
        until(lambda: all(each.alive for each in stage.view().of(role)))
        assert not events(stage, kind="error")


@pytest.mark.parametrize("pattern", every(), ids=lambda pattern: pattern.name)
def test_transports_are_switched_while_it_runs(pattern: Pattern) -> None:
    """Protects the selector: a switch restarts the stage on the other transport."""
    with stage_of(pattern, "inproc", knobs=ENDLESS[pattern.name]) as stage:
        stage.start()
        for transport in ("ipc", "inproc"):
            stage.set_transport(transport)
            assert stage.running
            begin(stage)
            flows(stage)
            assert all(address.startswith(transport) for address in stage.view().addresses.values())


@pytest.mark.parametrize("pattern", every(), ids=lambda pattern: pattern.name)
def test_reset_forgets_everything(pattern: Pattern) -> None:
    """Protects a fresh start: counts, figures and log are empty, cursors of readers stay valid."""
    with stage_of(pattern, "inproc", knobs=ENDLESS[pattern.name]) as stage:
        stage.start()
        begin(stage)
        flows(stage)
        stop(stage)
        _, cursor = stage.journal.read(0)
        stage.reset()
        assert not stage.running
        assert stage.journal.read(cursor)[0] == []
        assert all(each.sent.messages == each.received.messages == each.life == 0 for each in stage.view().instances)
        assert {each.state for each in stage.view().instances} == {State.NOT_STARTED}
        stage.start()
        stage.reset()
        assert stage.running
        begin(stage)
        flows(stage)


def test_all_patterns_run_at_once() -> None:
    """Protects the tabs: three stages in one process do not disturb each other."""
    with (
        stage_of(find("reqrep"), knobs=QUICK["reqrep"]) as first,
        stage_of(find("pubsub"), knobs=QUICK["pubsub"]) as second,
        stage_of(find("pipeline"), knobs=QUICK["pipeline"]) as third,
    ):
        for stage in (first, second, third):
            stage.start()
        begin(third)
        for stage in (first, second, third):
            proper_end(stage, stage.pattern)

"""The facts of request–reply."""

from __future__ import annotations

import pytest

from tests.helpers import connected, events, figure, instance, received, sent, stage_of, stop, until
from zmqtui.core.journal import now
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.patterns import find

REQREP = find("reqrep")


def sentence(stage: Stage) -> str:
    """Return what the pattern says of itself."""
    return stage.watcher.sentence(stage.view())


def clients(stage: Stage, state: State) -> list[str]:
    """Return the names of the clients in `state`."""
    return [each.name for each in stage.view().of("client") if each.state is state]


@pytest.mark.parametrize("transport", ["tcp", "inproc", "ipc"])
def test_the_server_killed_mid_request(transport: str) -> None:
    """Protects the lesson: requests taken or queued die with the server, their REQ sockets wait for ever.

    A client that is started again works at once, and the new server serves it.
    """
    with stage_of(REQREP, transport, knobs={"work": 30.0, "requests": 2}) as stage:
        stage.start()
        until(lambda: instance(stage, "server").state is State.WORKING)
        # So long ago that they have left for certain.
        until(lambda: all(0 < each.awaiting < now() - 0.01 for each in stage.view().of("client")))
        stage.kill("server")
        until(lambda: all(each.orphaned for each in stage.view().of("client")))
        assert "for ever" in sentence(stage)
        assert "no server runs" in sentence(stage)
        assert figure(stage, "lost") == 3
        stage.set_knob("work", 0.0)
        stage.launch("server")
        if transport != "inproc":
            connected(stage, "requests", 3)
        stage.revive("client-1")
        until(lambda: instance(stage, "client-1").state is State.FINISHED)
        until(lambda: instance(stage, "client-1").received.messages == 2)
        assert all(instance(stage, name).orphaned for name in ("client-2", "client-3"))
        assert clients(stage, State.RECEIVING) == ["client-2", "client-3"]
        assert sentence(stage).startswith("client-2 and client-3 wait for ever")


def test_a_request_sent_while_the_server_is_down_arrives_later() -> None:
    """Protects the other half: what no server has taken is not lost."""
    with stage_of(REQREP, "tcp", counts={"client": 2}, knobs={"work": 0.0, "requests": 1}) as stage:
        stage.launch("client-1")
        stage.launch("client-2")
        until(lambda: clients(stage, State.RECEIVING) == ["client-1", "client-2"])
        assert "client-1 and client-2 wait for a server" in sentence(stage)
        assert not any(each.orphaned for each in stage.view().instances)
        stage.launch("server")
        until(lambda: stage.done)
        stage.kill("server")
        stage.revive("client-1")
        until(lambda: clients(stage, State.RECEIVING) == ["client-1"])
        stage.launch("server")
        until(lambda: stage.done)
        until(lambda: "Every client has its replies" in sentence(stage))


def test_an_idle_client_survives_a_restart_of_the_server() -> None:
    """Protects whoever awaits nothing while the server goes: it is not said to be lost."""
    with stage_of(REQREP, "tcp", counts={"client": 1}, knobs={"work": 0.0, "requests": 0}) as stage:
        stage.start()
        until(lambda: received(stage, "client") > 5)

        def paused_between_requests() -> bool:
            stage.pause("client-1")
            until(lambda: instance(stage, "client-1").state is State.PAUSED)
            if instance(stage, "client-1").awaiting:
                stage.resume("client-1")
            return not instance(stage, "client-1").awaiting

        until(paused_between_requests)
        stage.kill("server")
        stage.launch("server")
        until(lambda: any("disconnected" in text for text in events(stage, "client-1", "link")))
        connected(stage, "requests", 1)
        stage.resume("client-1")
        before = received(stage, "client")
        until(lambda: received(stage, "client") > before + 5)


def test_a_client_killed_mid_request_costs_the_server_only_time() -> None:
    """Protects the server: a reply to nobody vanishes without an error."""
    with stage_of(REQREP, "tcp", counts={"client": 2}, knobs={"work": 0.15, "requests": 1}) as stage:
        stage.start()
        until(lambda: instance(stage, "server").state is State.WORKING)
        until(lambda: all(each.awaiting for each in stage.view().of("client")))
        stage.kill("client-1")
        until(lambda: instance(stage, "client-2").state is State.FINISHED)
        until(lambda: sent(stage, "server") == 2)
        until(lambda: instance(stage, "server").state is State.RECEIVING)
        assert not events(stage, kind="error")


def test_a_paused_server_loses_nothing() -> None:
    """Protects pausing: the queue drains on resume."""
    with stage_of(REQREP, "tcp", knobs={"work": 0.0, "requests": 5}) as stage:
        stage.launch("server")
        stage.pause("server")
        until(lambda: instance(stage, "server").state is State.PAUSED)
        stage.start()
        for each in stage.view().of("client"):
            stage.launch(each.name)
        until(lambda: len(clients(stage, State.RECEIVING)) == 3)
        assert "The server is paused" in sentence(stage)
        stage.resume("server")
        until(lambda: stage.done)
        until(lambda: received(stage, "client") == 15)


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_send_again_shows_the_real_error(transport: str) -> None:
    """Protects the lesson that a REQ never asks twice: the error is libzmq's own, and the role lives on."""
    action = REQREP.actions[0]
    with stage_of(REQREP, transport, counts={"client": 1}, knobs={"work": 30.0}) as stage:
        stage.start()
        until(lambda: instance(stage, "server").state is State.WORKING)
        until(lambda: instance(stage, "client-1").state is State.RECEIVING)
        since = instance(stage, "client-1").status.since
        stage.act("client-1", action.function)
        error = until(lambda: events(stage, "client-1", "error"))[0]
        assert error.startswith("ZMQError EFSM")
        assert instance(stage, "client-1").status == (State.RECEIVING, since, "")
        assert instance(stage, "client-1").sent.messages == 1


def test_send_again_without_a_request_under_way() -> None:
    """Protects a client that awaits nothing: its socket would take the message, and its program would stumble."""
    with stage_of(REQREP, "inproc", counts={"client": 1}, knobs={"work": 0.0, "requests": 0}) as stage:
        stage.launch("client-1")
        until(lambda: instance(stage, "client-1").state is State.SENDING)
        stage.act("client-1", REQREP.actions[0].function)
        until(lambda: any("nothing to send again" in text for text in events(stage, kind="say")))
        stage.launch("server")
        until(lambda: received(stage, "client") > 10)
        assert not events(stage, kind="error")


def test_busy_clients_take_turns() -> None:
    """Protects the rotation: with N busy clients the counts differ by at most one."""
    with stage_of(REQREP, "tcp", counts={"client": 5}, knobs={"work": 0.02, "requests": 0}) as stage:
        stage.start()
        connected(stage, "requests", 5)
        until(lambda: min(each.sent.messages for each in stage.view().of("client")) >= 1)
        until(lambda: received(stage, "client") > 40)
        stop(stage)
        counts = [each.received.messages for each in stage.view().of("client")]
        assert max(counts) - min(counts) <= 2


def test_who_is_served_is_known_for_certain() -> None:
    """Protects the sentence of the tab, on tcp: the server works for the client whose request it took."""
    with stage_of(REQREP, "tcp", counts={"client": 2}, knobs={"work": 1.0, "requests": 1}) as stage:
        stage.launch("server")
        stage.launch("client-2")
        until(lambda: sentence(stage) == "The server works for client-2.")
        stage.launch("client-1")
        until(lambda: sentence(stage) == "client-1 waits: the server works for client-2.")
        until(lambda: sentence(stage) == "The server works for client-1.")
        taken = [event for event in stage.journal.read(0)[0] if event.instance == "server" and event.kind == "recv"]
        assert [event.peer for event in taken] == ["client-2", "client-1"]


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x00", b'{"a": 1}', b"<x/>", b"\xff\xfe", b"\x1b[31m", "é".encode(), b"[/red]", b"x" * 500_000],
)
def test_a_message_is_just_bytes(payload: bytes) -> None:
    """Protects the format's freedom, and the roles from hostile payloads."""
    knobs = {"work": 0.0, "requests": 1, "request": payload, "reply": payload[::-1]}
    with stage_of(REQREP, "tcp", counts={"client": 1}, knobs=knobs) as stage:
        stage.start()
        until(lambda: stage.done)
        until(lambda: instance(stage, "client-1").received == (1, 1, len(payload)))
        frames = [event.frames for event in stage.journal.read(0)[0] if event.kind == "recv"]
        assert frames == [(payload,), (payload[::-1],)]


def test_payloads_and_work_are_turned_while_it_runs() -> None:
    """Protects live knobs: the next message carries the new payload."""
    with stage_of(REQREP, "inproc", counts={"client": 1}, knobs={"work": 0.001, "requests": 0}) as stage:
        stage.start()
        until(lambda: received(stage, "client") > 2)
        stage.set_knob("request", b"new question")
        stage.set_knob("reply", b"new answer")
        until(lambda: {(b"new question",), (b"new answer",)} <= {e.frames for e in stage.journal.read(0)[0]})


def test_a_new_client_has_no_past() -> None:
    """Protects the figures of an added client from those of a removed one that had its name."""
    with stage_of(REQREP, "inproc", knobs={"work": 0.0, "requests": 3}) as stage:
        stage.start()
        until(lambda: figure(stage, "replies", "client-1") == 3)
        stage.remove("client-1")
        stage.set_knob("work", 30.0)
        assert stage.add("client") == "client-1"
        until(lambda: instance(stage, "client-1").sent.messages == 1)
        assert figure(stage, "replies", "client-1") == 0
        named = {each.name for each in stage.figures(stage.view()) if each.instance == "client-1"}
        assert "round_trip_s" not in named

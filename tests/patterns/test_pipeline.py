"""The facts of the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import zmq

from tests.helpers import connected, events, figure, instance, received, sent, stage_of, stop, until
from zmqtui.core.model import BadInput
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.core.threads import life
from zmqtui.core.threads.life import Life
from zmqtui.core.watch import InstanceView, Traffic
from zmqtui.patterns import find
from zmqtui.patterns.pipeline import Batch

PIPELINE = find("pipeline")


def sentence(stage: Stage) -> str:
    """Return what the pattern says of itself."""
    return stage.watcher.sentence(stage.view())


def shares(stage: Stage) -> list[int]:
    """Return how many tasks each worker took."""
    return [int(figure(stage, "share", each.name)) for each in stage.view().of("worker")]


def batch_done(stage: Stage, number: int) -> None:
    """Wait for the end of a batch."""
    until(lambda: sentence(stage).startswith(f"Batch {number} is done"), what=sentence(stage))


@pytest.mark.parametrize("transport", ["tcp", "inproc", "ipc"])
def test_connected_counts_real_peers(transport: str) -> None:
    """Protects "connected k/N": it follows the workers as they come and go, and then the shares are equal."""
    with stage_of(PIPELINE, transport, counts={"worker": 3}, knobs={"tasks": 90, "cost_max": 2}) as stage:
        stage.launch("ventilator")
        stage.launch("sink")
        until(lambda: instance(stage, "ventilator").state is State.ASKING)
        assert instance(stage, "ventilator").status.detail == "Press Enter when the workers are ready"
        for number in (1, 2, 3):
            stage.launch(f"worker-{number}")
            connected(stage, "tasks", number)
        until(lambda: "waits for you: 3 of 3 workers are connected, w starts the batch." in sentence(stage))
        stage.kill("worker-2")
        connected(stage, "tasks", 2)
        stage.launch("worker-2")
        connected(stage, "tasks", 3)
        stage.press()
        batch_done(stage, 1)
        assert shares(stage) == [30, 30, 30]
        assert "unequal" not in sentence(stage)


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_an_early_press_gives_unequal_shares(transport: str) -> None:
    """Protects the lesson: who joins after the batch was dealt gets nothing, and the tab says so."""
    with stage_of(PIPELINE, transport, counts={"worker": 3}, knobs={"tasks": 30, "cost_max": 2}) as stage:
        stage.press()
        assert stage.view().gate_open
        for name in ("sink", "worker-1", "ventilator"):
            stage.launch(name)
        until(lambda: received(stage, "sink") == 31)
        assert not stage.view().gate_open
        stage.launch("worker-2")
        stage.launch("worker-3")
        connected(stage, "tasks", 3)
        batch_done(stage, 1)
        assert shares(stage) == [30, 0, 0]
        assert "unequal shares (30/0/0)" in sentence(stage)


def test_without_workers_the_first_send_blocks() -> None:
    """Protects the truth of "blocked in send()", with its age, while the sink's clock runs."""
    with stage_of(PIPELINE, "tcp", knobs={"tasks": 5, "cost_max": 1}) as stage:
        for name in ("sink", "ventilator"):
            stage.launch(name)
        stage.press()
        until(lambda: instance(stage, "ventilator").state is State.SENDING)
        until(lambda: received(stage, "sink") == 1)
        assert "no worker is connected, and the sink's clock runs" in sentence(stage)
        until(lambda: (view := stage.view()).age(view.of("ventilator")[0]) > 0.1)
        for number in range(1, 5):
            stage.launch(f"worker-{number}")
        batch_done(stage, 1)


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_a_killed_worker_takes_its_tasks_along(transport: str) -> None:
    """Protects "k/100, n lost with worker-1": the pre-dealt share dies, the sink waits for ever, reset heals."""
    with stage_of(PIPELINE, transport, knobs={"cost_min": 1, "cost_max": 4}) as stage:
        stage.start()
        connected(stage, "tasks", 4)
        stage.press()
        until(lambda: sent(stage, "ventilator") == 101)
        until(lambda: instance(stage, "worker-1").sent.messages >= 3)
        stage.kill("worker-1")
        until(lambda: figure(stage, "lost") > 0)
        results = int(figure(stage, "results"))
        # Counts may trail by a harvest: how much it had done is known when nothing moves any more.
        done = instance(stage, "worker-1").sent.messages
        assert 75 <= results <= 75 + done
        assert figure(stage, "lost") == 100 - results
        assert sentence(stage).startswith(f"{results}/100, {100 - results} lost with worker-1")
        assert instance(stage, "sink").state is State.RECEIVING
        stage.launch("worker-1")
        until(lambda: figure(stage, "lost") == 100 - results)
        elapsed = figure(stage, "elapsed_ms")
        stop(stage)
        assert figure(stage, "lost") == 100 - results, "it is known when all has stopped, too"
        assert figure(stage, "elapsed_ms") == elapsed
        stage.reset()
        stage.start()
        connected(stage, "tasks", 4)
        stage.press()
        batch_done(stage, 1)
        assert figure(stage, "lost") == 0
        assert sum(shares(stage)) == 100


def test_what_is_lost_is_known_while_all_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects "n lost with worker-1" from whoever looks while the roles leave one after the other."""
    with stage_of(PIPELINE, "inproc", knobs={"cost_min": 60, "cost_max": 60}) as stage:
        stage.start()
        connected(stage, "tasks", 4)
        stage.press()
        until(lambda: instance(stage, "worker-1").sent.messages >= 1)
        stage.kill("worker-1")
        until(lambda: figure(stage, "lost") > 0)
        lost = figure(stage, "lost")
        seen: list[tuple[float, InstanceView]] = []

        def end(lives: Sequence[Life], how: State) -> None:
            ended(lives, how)
            seen.append((figure(stage, "lost"), instance(stage, "sink")))

        ended = life.end
        monkeypatch.setattr(life, "end", end)
        stage.stop()
        ((during, sink),) = seen
        assert not sink.alive, "it was looked at after the roles had gone"
        stage.settle()
        assert during == figure(stage, "lost") == lost


@pytest.mark.parametrize("look", [True, False], ids=["watched", "unwatched"])
def test_batches_repeat(look: bool) -> None:
    """Protects the second batch: its start signal is no result, whether anybody looked in between or not."""
    with stage_of(PIPELINE, "tcp", counts={"worker": 2}, knobs={"tasks": 20, "cost_max": 1}) as stage:
        stage.start()
        connected(stage, "tasks", 2)
        for number in (1, 2, 3):
            stage.press()
            until(lambda number=number: received(stage, "sink") == 21 * number)  # type: ignore[misc]
            if look:
                batch_done(stage, number)
                assert figure(stage, "results") == 20
        batch_done(stage, 3)
        assert figure(stage, "results") == 20
        assert figure(stage, "batch") == 3
        said = [text for text in events(stage, "sink", "say") if text.startswith((".", ":"))]
        assert said == [":.........:........."] * 3


def test_the_same_seed_deals_the_same_costs() -> None:
    """Protects repeatability."""

    def costs(seed: int | None) -> list[Any]:
        with stage_of(PIPELINE, "inproc", seed=seed, knobs={"tasks": 30, "cost_max": 3}) as stage:
            stage.start()
            stage.press()
            until(lambda: sent(stage, "ventilator") == 31)
            batch_done(stage, 1)
            return [
                event.frames for event in stage.journal.read(0)[0] if event.kind == "send" and event.frames != (b"",)
            ]

    assert costs(7) == costs(7)
    assert costs(7) != costs(8)
    assert costs(None) != costs(None)


def test_figures_of_a_batch() -> None:
    """Protects the arithmetic: cost, elapsed, speed-up, efficiency, marks, and times that are not counts."""
    knobs = {"tasks": 40, "cost_min": 5, "cost_max": 5, "worker-1.slowdown": 4.0}
    with stage_of(PIPELINE, "tcp", knobs=knobs) as stage:
        stage.start()
        connected(stage, "tasks", 4)
        stage.press()
        batch_done(stage, 1)
        assert figure(stage, "cost_ms") == 200
        assert figure(stage, "marks") == ":........." * 4
        elapsed = figure(stage, "elapsed_ms")
        assert 200 <= elapsed < 1000
        assert figure(stage, "speedup") == pytest.approx(200 / elapsed, rel=0.05)
        assert figure(stage, "efficiency") == pytest.approx(figure(stage, "speedup") / 4, rel=0.01)
        assert shares(stage) == [10, 10, 10, 10]
        busy = [figure(stage, "busy_s", each.name) for each in stage.view().of("worker")]
        assert busy[0] > 2 * max(busy[1:])
        assert instance(stage, "worker-1").work >= 0.2


@pytest.mark.parametrize("task", [b"", b"x", b"-5", b"nan", b"1e9", b"\xff", b"9" * 5000, b"9" * 400, "٣".encode()])
def test_hostile_tasks(task: bytes) -> None:
    """Protects a worker from an outside ventilator: what is no number is said, and its result is sent all the same."""
    with stage_of(PIPELINE, "tcp", counts={"worker": 1}) as stage:
        stage.launch("worker-1")
        with zmq.Context() as context, context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
            push.linger = pull.linger = 0
            push.bind(stage.addresses["tasks"])
            pull.bind(stage.addresses["results"])
            push.send(task)
            push.send(b"1")
            pull.rcvtimeo = 5000
            assert [pull.recv(), pull.recv()] == [b"", b""]
        assert instance(stage, "worker-1").alive
        assert sentence(stage)
        assert stage.figures(stage.view())


def test_costs_must_fit_together() -> None:
    """Protects the range: its ends cannot cross, one by one or both at once."""
    with pytest.raises(BadInput, match="cost_min"):
        Stage(PIPELINE, transport="inproc", knobs={"cost_min": 50, "cost_max": 40})
    with stage_of(PIPELINE, "inproc", knobs={"cost_min": 200, "cost_max": 300}) as stage:
        with pytest.raises(BadInput):
            stage.set_knob("cost_max", 100)
        with pytest.raises(BadInput, match="is not a knob of sink"):
            stage.set_knob("slowdown", 2.0, "sink")
        with pytest.raises(BadInput, match=r"from 0\.1 to 100"):
            stage.set_knob("slowdown", 0.0, "worker-1")
        stage.set_knob("slowdown", 2.0)
        assert {each.knobs["slowdown"] for each in stage.view().of("worker")} == {2.0}


def test_a_sink_that_comes_in_the_middle_is_misled() -> None:
    """Protects the truth of "done": a new sink takes a result for the start signal, and no batch is done with it."""
    with stage_of(PIPELINE, "inproc", knobs={"cost_min": 10, "cost_max": 10, "slowdown": 10.0}) as stage:
        stage.start()
        connected(stage, "tasks", 4)
        stage.press()
        until(lambda: received(stage, "sink") > 10)
        stage.kill("sink")
        until(lambda: "No sink runs" in sentence(stage))
        stage.launch("sink")
        until(lambda: "took a result for the start signal" in sentence(stage))
        stage.set_knob("slowdown", 0.1)
        stage.press()
        until(lambda: sent(stage, "ventilator") == 202 and sent(stage, "worker") == 200)
        # It has counted to 100 and begun to count again.
        until(lambda: (each := instance(stage, "sink")).state is State.RECEIVING and stage.view().age(each) > 0.2)
        assert "took a result for the start signal" in sentence(stage)
        assert "done" not in sentence(stage)
        stage.reset()
        connected(stage, "tasks", 4)
        stage.press()
        batch_done(stage, 1)


@pytest.mark.parametrize("name", ["ventilator", "sink"])
def test_a_paused_role_is_told(name: str) -> None:
    """Protects the learner's question "why does nothing happen?"."""
    with stage_of(PIPELINE, "inproc") as stage:
        stage.start()
        until(lambda: instance(stage, "ventilator").state is State.ASKING)
        stage.pause(name)
        until(lambda: sentence(stage).startswith(f"The {name} is paused"))


def test_tasks_of_a_removed_worker_are_not_forgotten() -> None:
    """Protects "n lost with worker-1" when the worker was taken off the stage and not only killed."""
    with stage_of(PIPELINE, "inproc", knobs={"cost_min": 10, "cost_max": 10, "tasks": 40}) as stage:
        stage.start()
        connected(stage, "tasks", 4)
        stage.press()
        until(lambda: received(stage, "sink") > 4)
        stage.remove("worker-1")
        until(lambda: "lost with worker-1" in sentence(stage))


def test_a_ventilator_that_leaves_while_it_deals() -> None:
    """Protects the reason why the sink waits for ever when not every task was dealt."""
    with stage_of(PIPELINE, "inproc", knobs={"cost_min": 0, "cost_max": 0, "tasks": 1_000_000}) as stage:
        stage.start()
        connected(stage, "tasks", 4)
        stage.press()
        until(lambda: sent(stage, "ventilator") > 100)
        stage.kill("ventilator")
        until(lambda: sentence(stage).startswith("The ventilator left after "))


def test_two_batches_at_once_are_told_apart() -> None:
    """Protects speed-up and efficiency from a second press before the first batch is done."""
    with stage_of(PIPELINE, "inproc", knobs={"cost_min": 20, "cost_max": 20}) as stage:
        stage.start()
        connected(stage, "tasks", 4)
        stage.press()
        until(lambda: instance(stage, "ventilator").state is State.ASKING and received(stage, "sink") > 4)
        stage.press()
        until(lambda: "batches overlap" in sentence(stage))


@pytest.mark.parametrize("later", [False, True])
def test_the_sink_may_be_heard_of_before_the_ventilator(later: bool) -> None:
    """Protects the first batch: a sender that lost its turn before it wrote down the start began no second one."""
    batch = PIPELINE.watcher()
    batch.knobs = {"tasks": 2}
    start = Traffic(1.0, "ventilator", "ventilator", 1, "send", "results", (b"0",), "")
    batch.traffic(start._replace(time=1.1, instance="sink", role="sink", kind="recv"))
    batch.traffic(start._replace(time=1.2) if later else start)
    assert isinstance(batch, Batch)
    assert batch.number == 1
    assert batch.overlap is later


def test_a_press_is_forgotten_with_the_stop() -> None:
    """Protects the gate: what was pressed for nobody must not start the next run."""
    with stage_of(PIPELINE, "inproc") as stage:
        stage.start()
        until(lambda: instance(stage, "ventilator").state is State.ASKING)
        stage.kill("ventilator")
        stage.press()
        stage.stop()
        stage.start()
        until(lambda: instance(stage, "ventilator").state is State.ASKING)
        assert not stage.view().gate_open

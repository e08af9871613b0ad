"""Parallel pipeline: a ventilator deals tasks to workers, a sink collects their results."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from time import monotonic
from typing import Any

import zmq

from zmqtui.core.model import Endpoint, Endpoints, Gate, Knob, Knobs, Link, Pattern, Role
from zmqtui.core.role import ask, randint, say, sleep
from zmqtui.core.sockets.traced import Context
from zmqtui.core.state import State
from zmqtui.core.watch import Figure, InstanceView, StageView, Traffic, Watcher, listed, names, verb


def ventilator(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Deal a batch of tasks, each a number of milliseconds of work, when the workers are ready."""
    sender = context.socket(zmq.PUSH)
    sender.bind(endpoints.tasks)
    sink = context.socket(zmq.PUSH)
    sink.connect(endpoints.results)
    for batch in count(1):
        ask("Press Enter when the workers are ready: ")
        say("Sending tasks to workers…")
        sink.send(b"0")
        total = 0
        for _ in range(knobs.tasks):
            cost = randint(knobs.cost_min, knobs.cost_max)
            total += cost
            sender.send_string(f"{cost}")
        say(f"Total expected cost: {total} ms")
        if batch == knobs.batches:
            break


def worker(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Take a task, work on it, tell the sink, and again."""
    receiver = context.socket(zmq.PULL)
    receiver.connect(endpoints.tasks)
    sender = context.socket(zmq.PUSH)
    sender.connect(endpoints.results)
    while True:
        task = receiver.recv()
        try:
            sleep(int(task) * knobs.slowdown / 1000)
        except (ValueError, OverflowError):
            say(f"Not a number of milliseconds: {task!r}")
        sender.send(b"")


def sink(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Wait for the start of a batch, collect its results and tell how long they took."""
    receiver = context.socket(zmq.PULL)
    receiver.bind(endpoints.results)
    for batch in count(1):
        receiver.recv()
        started = monotonic()
        for task in range(knobs.tasks):
            receiver.recv()
            say(":" if task % 10 == 0 else ".", end="")
        say(f"\nTotal elapsed time: {(monotonic() - started) * 1000:.0f} ms")
        if batch == knobs.batches:
            break


class Batch(Watcher):
    """Follows the batches: what was dealt to whom, what came back, how long it took."""

    def __init__(self) -> None:
        self.number = 0
        self._lives: dict[str, int] = {}
        self._due = 0
        self._begin(0.0)
        self.results = 0
        self.complete = self.misled = self.overlap = self._orphaned = False

    def _begin(self, when: float) -> None:
        self.started = when
        self.ended = 0.0
        self.tasks = int(self.knobs["tasks"]) if self.number else 0
        self.sent = self.cost = 0
        self.complete = False
        self._dropped: list[str] = []
        self.taken: dict[str, int] = {}
        self.busy: dict[str, float] = {}
        self.working: dict[str, float] = {}
        self._lost = (0, "")
        self._looked = when

    def traffic(self, message: Traffic) -> None:
        """Take a task, a result or the start of a batch into account."""
        who, when = message.instance, message.time
        if self._lives.setdefault(who, message.life) != message.life:
            self._lives[who] = message.life
            self.working.pop(who, None)
            if message.role == "sink":
                self._due, self.misled = 0, False
                self._orphaned = bool(self.tasks) and not self.complete
        match message.role, message.kind, message.endpoint:
            case "ventilator", "send", "results":
                # The batch begins when its start signal is sent: workers may be quicker than the sink.
                heard = not self.number and self.started and when <= self.started and self.results == 0
                self.overlap = bool(self.tasks) and not (self.complete or self.misled or heard)
                self.number += 1
                self._begin(when)
                self.results = 0 if not self._due else self.results
            case "ventilator", "send", "tasks":
                self.sent += 1
                self.cost += _number(message.frames[0])
            case "worker", "recv", "tasks":
                self.taken[who] = self.taken.get(who, 0) + 1
                self.working[who] = when
            case "worker", "send", "results":
                self.busy[who] = self.busy.get(who, 0.0) + when - self.working.pop(who, when)
            case "sink", "recv", _:
                self._collect(message)

    def _collect(self, message: Traffic) -> None:
        """Count as the sink itself does: a start signal, then as many results as there are tasks."""
        if self._due:
            self._due -= 1
            self.results += 1
            self.ended = message.time
            self.complete = not self._due and not self.misled
            return
        self._due, self.results = int(self.knobs["tasks"]), 0
        # A sink that comes in the middle of a batch takes the first result for the start signal, and never recovers.
        self.misled = self.misled or (self._orphaned and message.frames == (b"",))
        self._orphaned = False
        if not self.number:
            # An outside ventilator's: what it deals is seen only where it arrives.
            self._begin(message.time)
            self.tasks = self.sent = self._due

    def left(self, instance: str) -> None:
        """Forget an instance that was taken off the stage."""
        if self.taken.pop(instance, 0):
            self._dropped.append(instance)
        for account in (self.busy, self.working):
            account.pop(instance, None)

    def lost(self, view: StageView) -> tuple[int, str]:
        """Return how many tasks are lost, and the workers they are lost with; when all has stopped, what was known."""
        if view.running:
            self._lost = self._lost_now(view)
        return self._lost

    def _lost_now(self, view: StageView) -> tuple[int, str]:
        if not self.started or self.complete or self.misled or self.sent < self.tasks:
            return 0, ""
        workers = view.of("worker")
        for each in (*view.of("sink"), *(each for each in workers if each.alive)):
            # Whoever moves may still bring a result.
            if each.state is not State.RECEIVING or view.age(each) < 0.3:
                return 0, ""
        gone = [each.name for each in workers if not each.alive or each.life > 1] + self._dropped
        return (self.tasks - self.results, listed(gone)) if gone else (0, "")

    def figures(self, view: StageView) -> list[Figure]:
        """Return the batch's progress, cost, time and shares."""
        tasks, complete = self.tasks or view.knobs["tasks"], self.complete
        if view.running:
            self._looked = view.time
        elapsed = max(0.0, (self.ended if complete else self._looked) - self.started) if self.started else 0.0
        workers = len(view.of("worker"))
        speedup = self.cost / 1000 / elapsed if complete and elapsed and not self.overlap else None
        marks = "".join(":" if task % 10 == 0 else "." for task in range(min(self.results, 100)))
        lost, gone = self.lost(view)
        begun = bool(self.number)
        done = min(1.0, self.results / max(tasks, 1))
        figures = [
            Figure("batch", self.number, f"batch {self.number}" if begun else ""),
            Figure("tasks", self.sent, f"{self.sent:,} tasks sent" if begun else "", tone="sent"),
            Figure("results", self.results, f"{self.results:,}/{tasks:,} results", fraction=done, tone="received"),
            Figure("marks", marks, marks),
            Figure("lost", lost, f"{lost:,} lost with {gone}" if lost else "", tone="lost"),
            Figure("cost_ms", self.cost, f"expected cost {self.cost:,} ms" if begun else ""),
            Figure("elapsed_ms", round(elapsed * 1000), f"elapsed {elapsed * 1000:,.0f} ms" if begun else ""),
            Figure("speedup", speedup and round(speedup, 3), f"speed-up {speedup:.2f}" if speedup else ""),
            Figure(
                "efficiency",
                speedup and round(speedup / workers, 3),
                f"efficiency {speedup / workers:.0%}" if speedup else "",
            ),
        ]
        busiest = max(self.busy.values(), default=0.0)
        most = max(self.taken.values(), default=0)
        for each in view.of("worker"):
            taken, busy, who = self.taken.get(each.name, 0), self.busy.get(each.name, 0.0), each.name
            of_most, of_busiest = taken / max(most, 1), busy / (busiest or 1.0)
            figures += [
                Figure("share", taken, f"{taken:,} tasks", who, of_most, "received", brief=True),
                Figure("busy_s", round(busy, 4), f"{busy:.2f} s", who, of_busiest, "working", brief=True),
            ]
        return figures

    def sentence(self, view: StageView) -> str:
        """Say where the batch stands."""
        ventilator, sink = view.of("ventilator")[0], view.of("sink")[0]
        workers = [each for each in view.of("worker") if each.alive]
        peers, (lost, gone) = view.peers.get("tasks", 0), self.lost(view)
        if self.misled:
            return "The new sink took a result for the start signal: it counts wrong from here on. x resets."
        if self.overlap:
            return "Two batches overlap: the sink took the second start signal for a result and counts on. x resets."
        if lost:
            return (
                f"{self.results:,}/{self.tasks:,}, {lost:,} lost with {gone}: "
                "tasks already dealt die with their worker, and the sink waits for ever. x resets."
            )
        for each in (ventilator, sink):
            if each.state is State.BINDING:
                return f"The {each.name} waits for its port."
            if each.state is State.PAUSED:
                return f"The {each.name} is paused: {_HELD[each.role]}."
        if ventilator.state is State.SENDING:
            if not peers:
                return "The ventilator is blocked in send(): no worker is connected, and the sink's clock runs."
            return "The ventilator is blocked in send(): every queue is full."
        if not sink.alive:
            if any("results" in each.connected for each in workers):
                return "A sink outside this playground collects the results."
            return "No sink runs: results wait in the workers' queues."
        if self.started and not self.complete:
            if self.sent < self.tasks and not ventilator.alive:
                dealt = f"{self.sent:,} of {self.tasks:,} tasks"
                return f"The ventilator left after {dealt}: the sink waits for the rest for ever. x resets."
            return self._progress(workers)
        ready = f"{peers} of {len(view.of('worker'))} workers {'is' if peers == 1 else 'are'} connected"
        if ventilator.state is State.ASKING:
            if self.number:
                return f"Batch {self.number} is done{self._unequal(view)}; w deals the next one, {ready}."
            return f"The ventilator waits for you: {ready}, w starts the batch."
        if self.number and self.complete:
            return f"Batch {self.number} is done{self._unequal(view)}."
        if ventilator.alive:
            return "The pipeline gets ready."
        if any("tasks" in each.connected for each in workers):
            return "A ventilator outside this playground deals the tasks."
        return "No ventilator runs: nobody deals tasks."

    def _progress(self, workers: list[InstanceView]) -> str:
        busy = [each for each in workers if each.state is State.WORKING]
        paused = [each for each in workers if each.state is State.PAUSED]
        idle = [each for each in workers if not self.taken.get(each.name)]
        who = f"{names(busy)} {verb(busy, 'works', 'work')}" if busy else "nobody works"
        text = f"Results come in: {who}"
        if paused:
            text += f", {names(paused)} {verb(paused, 'is', 'are')} paused"
        elif idle and self.sent >= self.tasks:
            text += (
                f"; {names(idle)} got nothing: all tasks were dealt before {verb(idle, 'it was', 'they were')} there"
            )
        return f"{text}."

    def _unequal(self, view: StageView) -> str:
        shares = [self.taken.get(each.name, 0) for each in view.of("worker")]
        if shares and max(shares) - min(shares) > 1:
            dealt = "/".join(map(str, shares[:8]))
            # Who was killed or added has another reason to have less.
            early = all(each.alive and each.life == 1 for each in view.of("worker")) and not self._dropped
            return f", unequal shares ({dealt}){': it began before all were connected' if early else ''}"
        return ""


_HELD = {"ventilator": "nobody deals tasks", "sink": "results queue up"}


def _number(frame: bytes) -> int:
    try:
        return int(frame[:20])
    except ValueError:
        return 0


def check(knobs: Mapping[str, Any]) -> str:
    """Say which knobs do not fit together."""
    low, high = knobs["cost_min"], knobs["cost_max"]
    return f"cost_min ({low} ms) is above cost_max ({high} ms): lower it or raise the other" if low > high else ""


PATTERN = Pattern(
    name="pipeline",
    title="Pipeline",
    short="Pipeline",
    about=(
        "The ventilator deals tasks round-robin to whichever workers are connected, all at once; workers do them in"
        " parallel; the sink collects the results and takes the time. Press workers ready when all are connected:"
        " who joins later gets nothing, and what was dealt to a worker dies with it."
    ),
    roles=(Role("sink", sink), Role("worker", worker, default=4, most=64), Role("ventilator", ventilator)),
    endpoints=(
        Endpoint("tasks", 5557, Link("ventilator", "PUSH"), (Link("worker", "PULL"),)),
        Endpoint("results", 5558, Link("sink", "PULL"), (Link("worker", "PUSH"), Link("ventilator", "PUSH"))),
    ),
    knobs=(
        Knob("tasks", "int", 100, "tasks in a batch", "", 1, 1_000_000, role="ventilator"),
        Knob("cost_min", "int", 1, "the cheapest task", "ms", 0, 60_000, "cost from", "ventilator"),
        Knob("cost_max", "int", 100, "the dearest task", "ms", 0, 60_000, "to", "ventilator"),
        Knob("batches", "int", 0, "batches, 0 for ever", "", 0, 10**9, role="sink", run=1, alone=1),
        Knob("slowdown", "float", 1.0, "how much slower this worker is", "×", 0.1, 100, role="worker", each=True),
    ),
    watcher=Batch,
    done="sink",
    gate=Gate("ventilator", "Workers ready", "w", "tasks", "worker"),
    rule=check,
)  # fmt: skip

"""Plays operations on real stages, and checks what must hold meanwhile and in the end."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import zmq

from tests.soak import faults
from tests.soak.books import Revenants, conserved
from tests.soak.measure import Sample, Stops, wake
from tests.soak.model import START, Model, Operation, Part
from zmqtui.core.journal import now
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.core.watch import InstanceView, StageView

RESUMES = 8.0
"""Seconds in which a message must come to whoever should get one."""
SERVED = 2.0
"""Seconds in which a server that answers at all has answered everybody."""
LOOKS = 0.066
"""Seconds between two looks of whoever watches all the while, as the app does."""
BLOCKED = {
    State.RECEIVING, State.SENDING, State.POLLING, State.WORKING, State.ASKING, State.PAUSED, State.BINDING,
}  # fmt: skip
"""Where a role waits."""
OUTSIDERS = {"reqrep": zmq.REQ, "pubsub": zmq.SUB, "pipeline": zmq.DEALER, "unruly": zmq.DEALER}
"""What comes from outside; a DEALER fits neither PUSH nor PULL."""


class Violation(AssertionError):
    """Something that must hold does not."""


class Player:
    """Plays operations.

    Args:
        model: What ought to be.
        seed: Of the roles' own random numbers.
        stops: Where times are put down.
    """

    def __init__(self, model: Model, seed: int, stops: Stops) -> None:
        self._model = model
        self._stops = stops
        self.stages = {
            name: Stage(part.pattern, transport=part.transport, seed=seed, knobs=START[name])
            for name, part in model.parts.items()
        }
        self.guests = dict.fromkeys(self.stages, 0.0)
        self._cursors = dict.fromkeys(self.stages, 0)
        self._revenants = {name: Revenants() for name in self.stages}
        self._together_now = False
        self._ended = threading.Event()
        self._stumbled: list[BaseException] = []
        self._looker = threading.Thread(target=self._look_on, name="looker", daemon=True)
        self._looker.start()

    def close(self) -> None:
        """Stop everything and check what must hold in the end."""
        for name in self.stages:
            self.play(Operation("stop", name))
        self.abandon()
        self.check()

    def abandon(self) -> None:
        """Stop everything."""
        self._ended.set()
        self._looker.join()
        for stage in self.stages.values():
            stage.stop()

    def _look_on(self) -> None:
        """Look and read along all the while, as the app does."""
        try:
            while not self._ended.wait(LOOKS):
                for name in self.stages:
                    self._look(name)
                    self._read(name)
        except Exception as error:
            self._stumbled.append(error)

    def check(self) -> None:
        """Check that nobody stumbled so far."""
        for error in self._stumbled:
            raise error if isinstance(error, Violation) else Violation(f"looking failed: {error!r}") from error

    # Operations.

    def play(self, operation: Operation) -> None:
        """Do one thing, and check that what ought to run then does."""
        getattr(self, f"_{operation.what}")(operation.stage, *operation.arguments)
        self.check()

    def agree(self) -> None:
        """Check that everybody is there who ought to be."""
        for name, part in self._model.parts.items():
            stage = self.stages[name]
            view = stage.view()
            there = {each.name for each in view.instances}
            if there != set(part.everybody) or stage.running != part.running:
                found = f"{sorted(there)}, on {stage.running} {stage.halted}"
                raise Violation(f"{name}: {found}; not {part.everybody}, {part.running}")
            for each in view.instances:
                if each.state is State.STUCK:
                    raise Violation(f"{name}: {each.name} is stuck")
                if each.role == "raiser" or each.port_in_use or _forgotten(each, stage):
                    continue
                if each.state is State.FAILED:
                    raise Violation(f"{name}: {each.name} failed: {each.status.detail}")
                if each.alive != (each.name in part.alive):
                    raise Violation(f"{name}: {each.name} is {each.state.value}")

    def _start(self, name: str) -> None:
        self.stages[name].start()
        self._renewed(name)

    def _renewed(self, name: str) -> None:
        self.guests[name] = 0.0

    def _stop(self, name: str) -> None:
        stage = self.stages[name]
        states = Counter(slot.status.state.value for slot in stage._cast.order)
        alive = sum(slot.alive for slot in stage._cast.order)
        begun = time.monotonic()
        stage.stop()
        what = f"{name} {stage.transport}: {', '.join(f'{count} {state}' for state, count in states.items())}"
        self._stops.whole.append(Sample(begun, time.monotonic() - begun, what))
        begun = time.monotonic()
        stage.settle()
        self._stops.settled.append(Sample(begun, time.monotonic() - begun, what))
        self._stops.crowd.append(wake(alive))
        for complaint in conserved(stage, self.guests[name]):
            raise Violation(f"{name} on {self.stages[name].transport}: {complaint}")

    def _launch(self, name: str, who: str) -> None:
        if not self.stages[name].running:
            self._renewed(name)
        self.stages[name].launch(who)

    def _kill(self, name: str, who: str) -> None:
        stage = self.stages[name]
        before = _instance(stage, who)
        begun = time.monotonic()
        stage.kill(who)
        sample = Sample(begun, time.monotonic() - begun, f"{name} {who} {before.state.value} {stage.transport}")
        if not before.alive:
            return
        if self._together_now:
            # Each waits for the others, too.
            self._stops.company.append(sample)
            return
        (self._stops.blocked if before.state in BLOCKED else self._stops.busy).append(sample)
        self._stops.control.append(wake())

    def _revive(self, name: str, who: str) -> None:
        if not self.stages[name].running:
            self._renewed(name)
        self.stages[name].revive(who)

    def _pause(self, name: str, who: str) -> None:
        self.stages[name].pause(who)

    def _resume(self, name: str, who: str) -> None:
        self.stages[name].resume(who)

    def _add(self, name: str, role: str, expected: str) -> None:
        if (got := self.stages[name].add(role)) != expected:
            raise Violation(f"{name}: added {got}, not {expected}")

    def _remove(self, name: str, who: str) -> None:
        self.stages[name].remove(who)

    def _set_count(self, name: str, role: str, count: int) -> None:
        self.stages[name].set_count(role, count)

    def _knob(self, name: str, knob: str, value: Any) -> None:
        self.stages[name].set_knob(knob, value)

    def _filter(self, name: str, who: str, value: tuple[bytes, ...]) -> None:
        self.stages[name].set_knob("filter", value, who)

    def _transport(self, name: str, transport: str) -> None:
        self.stages[name].set_transport(transport)
        self._renewed(name)

    def _reset(self, name: str) -> None:
        self.stages[name].reset()
        self._renewed(name)

    def _press(self, name: str) -> None:
        self.stages[name].press()

    def _free_ports(self, name: str) -> None:
        self.stages[name].use_free_ports()

    def _rest(self, name: str, seconds: float) -> None:
        time.sleep(seconds)

    def _look(self, name: str) -> None:
        stage = self.stages[name]
        view = stage.view()
        stage.figures(view)
        stage.sentence(view)
        stage.pointers()
        for each in view.connections():
            if each.state not in ("listening", "connecting", "handshake", "connected", "refused"):
                raise Violation(f"{name}: a connection is {each.state}")
        stage.history.past()

    def _read(self, name: str) -> None:
        events, self._cursors[name] = self.stages[name].journal.read(self._cursors[name])
        for event in events:
            if event.kind == "error" and "books stumbled" in event.text:
                raise Violation(f"{name}: {event.text}")
        for complaint in self._revenants[name].look(self.stages[name]):
            raise Violation(f"{name} on {self.stages[name].transport}: {complaint}")

    def _act(self, name: str, who: str) -> None:
        [action, *_] = self.stages[name].pattern.actions
        self.stages[name].act(who, action.function)

    def _outsider(self, name: str, seconds: float) -> None:
        for address in self.stages[name].addresses.values():
            self.guests[name] += faults.outsider(address, OUTSIDERS[name], seconds)

    def _garbage(self, name: str, seed: int) -> None:
        for address in self.stages[name].addresses.values():
            faults.garbage(address, seed)
        # Not everything is garbage to libzmq: what does not begin as ZMTP 3 may be the messages of a ZMTP 1 peer.
        self.guests[name] = math.inf

    def _squat(self, name: str, binder: str, moves: bool) -> None:
        stage = self.stages[name]
        stage.kill(binder)
        address = next(
            stage.addresses[each.name] for each in stage.pattern.endpoints if binder.startswith(each.bind.role)
        )
        with faults.taken(address):
            stage.launch(binder)
            self._until(lambda: _instance(stage, binder).state is State.BINDING, f"{binder} waits for its port")
            if moves:
                self._until(lambda: _instance(stage, binder).port_in_use, f"{binder} gives up its port")
                stage.use_free_ports()
        self._until(lambda: _bound(stage, binder), f"{binder} binds")
        if moves:
            # Whoever meets there was started again, those who had been killed, too.
            self._reset(name)

    def _together(self, name: str, *operations: Operation) -> None:
        if not operations:
            # Nobody is there to be done anything to; a barrier for nobody is an error in newer Pythons.
            return
        failures: list[BaseException] = []
        gate = threading.Barrier(len(operations))

        def play(operation: Operation) -> None:
            gate.wait()
            try:
                self.play(operation)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=play, args=(operation,), daemon=True) for operation in operations]
        self._together_now = True
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._together_now = False
        for failure in failures:
            raise failure

    # Traffic.

    def _flow(self, name: str) -> None:
        """Check that whoever should get messages gets one."""
        part, stage = self._model.parts[name], self.stages[name]
        getattr(self, f"_flow_{name}", lambda part, stage: None)(part, stage)

    def _flow_reqrep(self, part: Part, stage: Stage) -> None:
        if part.up("server"):
            self._receive(stage, [name for name in part.names["client"] if part.up(name)])

    def _flow_pubsub(self, part: Part, stage: Stage) -> None:
        if part.up("publisher"):
            hears = [name for name in part.names["subscriber"] if part.up(name) and part.filter_of(name)]
            self._receive(stage, hears)

    def _flow_unruly(self, part: Part, stage: Stage) -> None:
        if part.up("listener") and any(part.up(name) for name in part.names["ticker"]):
            self._receive(stage, ["listener"])

    def _receive(self, stage: Stage, names: list[str]) -> None:
        before = {each.name: each.received.messages for each in stage.view().instances}

        def waiting() -> list[str]:
            view = stage.view()
            found = [each for name in names if (each := view.instance(name))]
            return [
                f"{each.name} ({each.state.value})"
                for each in found
                if each.received.messages <= before[each.name]
                and not (each.orphaned and each.awaiting)
                and not _forgotten(each, stage)
                and not self._robbed(each, stage, before)
            ]

        self._until(lambda: not waiting(), lambda: f"{', '.join(waiting())} of {stage.pattern.name} get a message")

    def _robbed(self, each: InstanceView, stage: Stage, before: dict[str, int]) -> bool:
        """Tell whether libzmq may have dropped the reply that a client awaits.

        A REP does that with the next reply where a peer sent what is no request and was gone by then, as garbage may.
        """
        garbage = self.guests.get(stage.pattern.name, 0) == math.inf
        served = any(
            server.state is State.RECEIVING or server.received.messages > before[server.name]
            for server in stage.view().of("server")
        )
        return garbage and served and each.role == "client" and 0 < each.awaiting < now() - SERVED

    def _batch(self, name: str, victims: tuple[str, ...], seconds: float) -> None:
        """Deal a batch, kill some workers, and check that every task is accounted for."""
        stage = self.stages[name]
        stage.reset()
        stage.start()
        for each in stage.view().instances:
            if not each.alive:
                stage.launch(each.name)
        self._renewed(name)
        stage.press()
        time.sleep(seconds)
        for victim in victims:
            stage.kill(victim)

        def figures() -> dict[str, Any]:
            return {each.name: each.value for each in stage.figures(stage.view()) if not each.instance}

        def settled() -> bool:
            seen = figures()
            told = seen["results"] + seen["lost"]
            return bool(seen["batch"] == 1 and told == seen["tasks"] == dealt(stage.view()))

        def dealt(view: StageView) -> int:
            return next(port.sent.messages for port in view.of("ventilator")[0].ports if port.endpoint == "tasks")

        self._until(settled, lambda: f"results and losses are the tasks: {figures()} {stage.sentence(stage.view())}")
        if not victims and figures()["lost"]:
            raise Violation(f"{name}: {figures()['lost']} tasks are lost with nobody")

    def _until(self, condition: Callable[[], bool], what: str | Callable[[], str]) -> None:
        deadline = time.monotonic() + RESUMES
        while not condition():
            if time.monotonic() > deadline:
                raise Violation(f"never happened: {what if isinstance(what, str) else what()}")
            time.sleep(0.003)


def _instance(stage: Stage, name: str) -> InstanceView:
    found = stage.view().instance(name)
    if found is None:
        raise Violation(f"{name} is not there")
    return found


def _forgotten(each: InstanceView, stage: Stage) -> bool:
    """Tell whether libzmq forgot that a REQ had sent something, as it does on inproc.

    Where the server goes between the two frames that a request has, sending succeeds and receiving is an error.
    """
    failed = each.state is State.FAILED and each.status.detail.startswith("ZMQError EFSM")
    return failed and each.role == "client" and stage.transport == "inproc"


def _bound(stage: Stage, name: str) -> bool:
    slot = stage._cast.slot(name)
    return slot.actor is not None and any(socket.bound for socket in list(slot.actor.sockets))

"""A running pattern: its roles in threads, started, stopped, killed, paused and restarted in any order."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import zmq

from zmqtui.core.addresses import LOOPBACK, addresses, check_address, free_port
from zmqtui.core.books.books import Books
from zmqtui.core.books.history import CROWD, History
from zmqtui.core.cast import Cast
from zmqtui.core.connections.connections import Stranger
from zmqtui.core.connections.monitor import Monitor
from zmqtui.core.guard import GUARD
from zmqtui.core.journal import Event, Journal, now
from zmqtui.core.limits import Limits, raise_descriptors
from zmqtui.core.model import BadInput, Endpoints, Pattern, Role
from zmqtui.core.slot import Slot
from zmqtui.core.sockets.inproc import Registry
from zmqtui.core.sockets.tape import Tape
from zmqtui.core.sockets.traced import Context, Socket
from zmqtui.core.sockets.wiring import Wiring
from zmqtui.core.state import State, describe
from zmqtui.core.threads import life
from zmqtui.core.threads.actor import LINGER, Actor
from zmqtui.core.threads.pointer import Pointer, pointers
from zmqtui.core.threads.way import WAY
from zmqtui.core.watch import Figure, StageView

SOCKETS = 16_384
"""Sockets that a stage may have at once; libzmq's own 1,023 are few where a role makes one for every message."""
PATIENCE = 0.5
"""Seconds for which it is waited until libzmq has given back what nobody keeps."""
PROMPT = 0.02
"""Seconds that starting an instance takes at most, one with another, where none is busy with Python itself."""
TICK = 0.05
"""Seconds between two harvests of the books, and as much again for every `CROWD` instances: each takes its time."""


class _Wiring(Wiring):
    """Connects the sockets of a run to its books."""

    def __init__(
        self, context: zmq.Context[Any], endpoints: dict[str, str], books: Books, limits: Limits, *, expose: bool
    ) -> None:
        super().__init__(context, endpoints, Registry())
        self.books = books
        self.limits = limits
        self.expose = expose

    def sockets(self) -> list[Socket]:
        return self.books.sockets()

    def opened(self, socket: Socket) -> None:
        self.books.opened(socket)

    def watched(self, monitor: Monitor) -> None:
        self.books.connections.watch(monitor)

    def closing(self, socket: Socket) -> None:
        self.books.closing(socket)
        if socket.watched:
            self.books.connections.closing(socket.watched)

    def unbound(self, socket: Socket) -> None:
        self.books.connections.bereft.unbound(socket, now())

    def positions(self, socket: Socket) -> dict[Tape, int]:
        return self.books.positions(socket)


class Stage:
    """Plays one pattern. Every method may be called from any thread; those that stop roles block for milliseconds.

    The books are kept in a thread of their own, which also counts what was under way when the stage was stopped and
    gives everything back. `settle` waits for that, and so does whatever begins a new account.

    Args:
        pattern: What to play.
        transport: ``tcp``, ``inproc`` or ``ipc``.
        seed: For the roles' random numbers.
        counts: Instances by role name, where they differ from the pattern's.
        knobs: Values by knob name, or by ``instance.knob`` for one instance's own.
        at: Addresses by endpoint name that override the transport's.
        limits: What a peer may cost.
        expose: Whether roles may bind where others on the network can connect.
        whole: Whether the journal is to get every event, however many.

    Attributes:
        limits: What a peer may cost: for the sockets that are made from now on.
        halted: Why the memory guard stopped it, until it is started again.

    Raises:
        BadInput: If any of that does not exist or is out of range.
    """

    def __init__(
        self,
        pattern: Pattern,
        *,
        transport: str = "tcp",
        seed: int | None = None,
        counts: Mapping[str, int] | None = None,
        knobs: Mapping[str, Any] | None = None,
        at: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        expose: bool = False,
        whole: bool = False,
    ) -> None:
        self.pattern = pattern
        self.transport = transport
        self.seed = seed
        self.journal = Journal()
        self.halted = ""
        self._limits = limits or Limits()
        self._expose = expose
        self._whole = whole
        self._ports: dict[str, int] = {}
        self._at = {pattern.endpoint(name).name: check_address(address) for name, address in (at or {}).items()}
        # As `secrets` does it, which the first picture would wait for.
        self._folder = Path(tempfile.gettempdir()) / f"zmqtui-{os.urandom(6).hex()}"
        self._lock = threading.RLock()
        self._cast = Cast(pattern, counts or {})
        self._wiring: _Wiring | None = None
        self._keeper: threading.Thread | None = None
        self._gate_open = False
        self._started = self._stopped = 0.0
        for name, value in (knobs or {}).items():
            instance, _, knob = name.rpartition(".")
            self.set_knob(knob, value, instance or None, settle=False)
        self._cast.check()
        self.addresses = self._addresses(transport)
        self._renew()

    def _renew(self) -> None:
        """Begin a new account."""
        self.settle()
        self.halted = ""
        for slot in self._cast.order:
            slot.clear()
        self.history = History()
        self.watcher = self.pattern.watcher()
        self.watcher.knobs = self.knobs
        self.books = Books(
            self.pattern, self._cast.slots, self.journal, self.watcher, whole=self._whole, history=self.history
        )

    def _addresses(self, transport: str) -> dict[str, str]:
        return addresses(self.pattern, transport, ports=self._ports, folder=str(self._folder)) | self._at

    # The whole stage.

    @property
    def running(self) -> bool:
        """Whether the stage is on: its context exists, though every role may have ended."""
        return self._wiring is not None

    def start(self, roles: Iterable[str] | None = None) -> None:
        """Begin a new account and start all roles, or those named.

        Raises:
            BadInput: If the system has no room for that many.
        """
        with self._lock:
            if self.running:
                return
            self._renew()
            try:
                self._open()
                self._play_all([slot for slot in self._cast.order if roles is None or slot.role.name in roles])
            except (OSError, RuntimeError, zmq.ZMQError) as error:
                self.stop()
                raise BadInput(f"{describe(error)}: have fewer instances, or raise the limit with ulimit -n") from None

    def stop(self) -> None:
        """Stop every role and close its sockets; `settle` waits until all is counted and given back."""
        with self._lock:
            if self._wiring:
                self.books.freeze()
                self._interrupt(self._cast.order, State.STOPPED)
                self._gate_open = False
                self._wiring = None
                self._stopped = now()
                self.books.connections.dismiss()
                GUARD.leave(self)

    @property
    def settled(self) -> bool:
        """Whether the stage is stopped and all that happened is in the books."""
        return not self.running and (self._keeper is None or self.books.closed.is_set())

    def settle(self) -> None:
        """Wait, once it is stopped, until all that happened is in the books and everything is given back.

        That takes milliseconds, or as long as the last messages of whoever finished take to leave.
        """
        with self._lock:
            if self._keeper and not self.running:
                # However long that takes: the next run has the same slots.
                while self._keeper.is_alive() and not self.books.closed.wait(PATIENCE):
                    continue
                # Whoever is stuck keeps its sockets, and libzmq waits for them for ever: nobody else does.
                self._keeper.join(PATIENCE + self._lingering())
                self._keeper = None
                GUARD.settle()

    def halt(self, why: str) -> None:
        """Stop for a reason that the user is to hear of: its memory guard has its hands full."""
        with self._lock:
            if not self.running:
                return
            self.halted = why
            self.stop()
            self.settle()
            self.journal.extend([Event(now(), "", "error", text=why)])

    @property
    def limits(self) -> Limits:
        """What a peer may cost."""
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        """Have other limits for the sockets that are made from now on; the memory guard's holds at once."""
        self._limits = limits
        if self._wiring:
            self._wiring.limits = limits

    def strangers(self) -> list[Stranger]:
        """Return who is connected from outside to what the roles have bound on tcp and ipc."""
        return self.books.connections.strangers()

    def reset(self) -> None:
        """Forget all counts and events; start again if the stage was running."""
        with self._lock:
            running = self.running
            self.stop()
            self.settle()
            self.journal.clear()
            self._gate_open = False
            self._renew()
            if running:
                self.start()

    def set_transport(self, transport: str) -> None:
        """Run on another transport from now on; a running stage is restarted.

        Raises:
            BadInput: If there is no such transport.
        """
        with self._lock:
            new = self._addresses(transport)
            running = self.running
            self.stop()
            self.transport, self.addresses = transport, new
            if running:
                # What happened before is told before.
                self.settle()
                self.note(f"from here on over {transport}")
                self.start()

    def use_free_ports(self) -> None:
        """Move every endpoint whose port is in use to a free one, and start whoever meets there again."""
        with self._lock:
            stranded = {slot.role.name for slot in self._cast.order if slot.actor and slot.actor.port_in_use}
            moved = [endpoint for endpoint in self.pattern.endpoints if endpoint.bind.role in stranded]
            self._at = {name: address for name, address in self._at.items() if name not in {e.name for e in moved}}
            self._ports |= {endpoint.name: free_port() for endpoint in moved}
            self.addresses.update(self._addresses(self.transport))
            if self._wiring:
                self._wiring.name(self.addresses)
            slots = [
                slot
                for slot in self._cast.order
                if slot.actor and any(endpoint.touches(slot.role.name) for endpoint in moved)
            ]
            self._interrupt(slots, State.STOPPED)
            for slot in slots:
                self._play(slot)

    def _open(self) -> None:
        if self.transport == "ipc":
            # Whoever may write there could take a role: nobody else may, and nobody can guess the name beforehand.
            self._folder.mkdir(mode=0o700, exist_ok=True)
        raise_descriptors()
        context: zmq.Context[Any] = zmq.Context()
        context.set(zmq.BLOCKY, 0)
        context.set(zmq.MAX_SOCKETS, min(context.get(zmq.SOCKET_LIMIT), SOCKETS))
        keeper = threading.Thread(
            target=self._keep, args=(self.books, context), name=f"books {self.pattern.name}", daemon=True
        )
        try:
            self.books.connections.open()
            keeper.start()
        except BaseException:
            self.books.connections.close()
            context.term()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._keeper = keeper
        self._wiring = _Wiring(context, self.addresses, self.books, self._limits, expose=self._expose)
        self._started, self._stopped = now(), 0.0
        self.history.begin(self._started)
        if not all(address.startswith("inproc:") for address in self.addresses.values()):
            GUARD.watch(self)

    def _lingering(self) -> float:
        """Return the seconds that the last messages of whoever finished still have to leave."""
        finished = [slot.status.since for slot in self._cast.order if slot.status.state is State.FINISHED]
        return max(0.0, max(finished, default=-math.inf) + LINGER / 1000 - now())

    def _keep(self, books: Books, context: zmq.Context[Any]) -> None:
        """Read the monitors the moment they have something to say, keep the books at every tick, and clear up."""
        while not books.closed.is_set():
            try:
                if books.connections.listen(TICK * (1 + len(self._cast.order) // CROWD)):
                    WAY.wait()
                    books.harvest()
                else:
                    # It is many small steps, and after each of them a busy thread may have its turn.
                    with life.quick_turns():
                        books.connections.close()
                        shutil.rmtree(self._folder, ignore_errors=True)
                    books.close()
            except Exception as error:
                # Whatever it is, the next harvest must come.
                books.complain(error)
                time.sleep(TICK)
        context.term()

    # Single instances.

    def launch(self, name: str) -> None:
        """Start one instance that does not run; the first one switches the stage on.

        Raises:
            BadInput: If there is no such instance.
        """
        with self._lock:
            slot = self._cast.slot(name)
            if not self.running:
                self._renew()
                self._open()
            self._play(slot)

    def kill(self, name: str, end: State = State.KILLED) -> None:
        """End one instance at once; what is in its queues is lost.

        Raises:
            BadInput: If there is no such instance.
        """
        # No lock: whoever is to go does not wait for others that come and go.
        slot = self._cast.slot(name)
        actor = slot.actor
        if actor and slot.alive:
            life.end([actor], end)

    def revive(self, name: str) -> None:
        """Restart one instance, whether it runs or not.

        Raises:
            BadInput: If there is no such instance.
        """
        with self._lock:
            slot = self._cast.slot(name)
            self._interrupt([slot], State.STOPPED)
            self.launch(name)

    def pause(self, name: str) -> None:
        """Make one instance hold before its next send, recv or sleep; its sockets stay.

        Raises:
            BadInput: If there is no such instance.
        """
        slot = self._cast.slot(name)
        if slot.actor and slot.alive:
            slot.actor.pause()

    def resume(self, name: str) -> None:
        """Let a paused instance go on.

        Raises:
            BadInput: If there is no such instance.
        """
        slot = self._cast.slot(name)
        if slot.actor:
            slot.actor.resume()

    def add(self, role: str) -> str:
        """Add an instance of `role`, and start it if the stage runs.

        Returns:
            Its name.

        Raises:
            BadInput: If there is no such role, or no more may play it.
        """
        with self._lock:
            declared = self.pattern.role(role)
            count = len(self._cast.of(declared))
            self._cast.check_count(declared, count + 1)
            slot = self._cast.add(declared)
            if self.running:
                self._play(slot)
            return slot.name

    def remove(self, name: str) -> None:
        """End an instance and take it off the stage.

        Raises:
            BadInput: If there is no such instance, or its role needs it.
        """
        with self._lock:
            slot = self._cast.slot(name)
            self._cast.check_count(slot.role, len(self._cast.of(slot.role)) - 1)
            self._interrupt([slot], State.STOPPED)
            self.settle()
            self.books.harvest()
            self._cast.remove(slot)
            self.books.forget(slot)
            self.watcher.left(name)

    def set_count(self, role: str, count: int) -> None:
        """Have `count` instances of `role`: the newest go first.

        Raises:
            BadInput: If there is no such role, or that many may not play it.
        """
        with self._lock:
            declared = self.pattern.role(role)
            self._cast.check_count(declared, count)
            while len(self._cast.of(declared)) > count:
                self.remove(self._cast.of(declared)[-1].name)
            while len(self._cast.of(declared)) < count:
                self.add(role)

    def act(self, name: str, action: Callable[..., None]) -> None:
        """Have an instance do one of the pattern's actions in its own thread.

        Raises:
            BadInput: If there is no such instance or it does not run.
        """
        slot = self._cast.slot(name)
        actor = slot.actor
        if actor is None or not slot.alive:
            raise BadInput(f"{name} does not run: start it first")
        actor.do(lambda: action(list(actor.sockets), slot.knobs))

    def press(self) -> None:
        """Press the gate's button: whoever asks goes on, or, if nobody asks yet, whoever asks next."""
        self._gate_open = True
        if gate := self.pattern.gate:
            there, wanted = self.books.peers(gate.endpoint), len(self._cast.of(self.pattern.role(gate.peers)))
            self.note(f"{gate.label} was pressed with {there} of {wanted} connected")
        for slot in self._cast.order:
            if slot.actor:
                slot.actor.poke()

    def _answered(self) -> bool:
        answered, self._gate_open = self._gate_open, False
        return answered

    def _play(self, slot: Slot) -> None:
        wiring = self._wiring
        if slot.alive or wiring is None:
            return

        def play(actor: Actor) -> None:
            addresses = {name: self._address(slot.role, name) for name in self.addresses}
            slot.role.function(Context(wiring, actor), Endpoints(addresses), slot.knobs)

        if slot.actor:
            slot.work_before += slot.actor.work()
            slot.former.append(slot.actor)
        slot.life += 1
        seed = None if self.seed is None else f"{self.seed} {slot.name} {slot.life}"
        slot.actor = Actor(slot.name, play, life=slot.life, seed=seed, answer=self._answered)
        slot.actor.start()

    def _play_all(self, slots: Sequence[Slot]) -> None:
        begun = now()
        with ExitStack() as stack:
            if len(slots) > life.MANY:
                stack.enter_context(life.long_turns())
            for number, slot in enumerate(slots, 1):
                self._play(slot)
                if now() - begun > number * PROMPT + PATIENCE:
                    # Some are busy with Python itself: each that starts waits for all of their turns.
                    stack.close()

    def _address(self, role: Role, endpoint: str) -> str:
        """Return where `role` finds `endpoint`: all interfaces can be bound, but not connected to."""
        address = self.addresses[endpoint]
        if self.pattern.endpoint(endpoint).bind.role == role.name:
            return address
        return address.replace("tcp://*:", f"tcp://{LOOPBACK}:")

    def _interrupt(self, slots: Iterable[Slot], how: State) -> None:
        life.end([slot.actor for slot in slots if slot.actor and slot.alive], how)

    # Knobs.

    @property
    def knobs(self) -> dict[str, Any]:
        """The values of the knobs that all share."""
        return self._cast.knobs

    def set_knob(self, name: str, value: Any, instance: str | None = None, *, settle: bool = True) -> None:
        """Turn a knob, for one instance or for all; running roles feel it at once.

        Args:
            name: The knob.
            value: Its value, as `Knob.parse` returns it.
            instance: Whose, for a knob that every instance has.
            settle: Whether the pattern's rule must hold already.

        Raises:
            BadInput: If there is no such knob or instance, or the value is out of range.
        """
        with self._lock:
            changed = self._cast.turn(name, value, instance, settle=settle)
            if changed and self.running:
                self.note(f"{name}={self.pattern.knob(name).format(value)}", instance or "")

    # Views.

    def view(self) -> StageView:
        """Return the stage as it stands this moment."""
        # No lock: whoever draws must not wait for whoever stops a role that will not go.
        books, running = self.books, self.running
        if running:
            books.glance()
        when = now()
        return StageView(
            self.pattern,
            self.transport,
            dict(self.addresses),
            dict(self.knobs),
            tuple(slot.view(books.account(slot), when) for slot in self._cast.order),
            {endpoint.name: books.peers(endpoint.name) for endpoint in self.pattern.endpoints},
            when,
            (self._stopped or when) - self._started if self._started else 0.0,
            # Asked last: who is on view as gone because all go is not on view of a stage that runs.
            running and not books.frozen,
            self._gate_open and self.pattern.gate is not None,
            books.connections.view,
            self.halted,
        )

    def pointers(self) -> dict[str, Pointer]:
        """Return where each running instance's thread stands in its role function now, by instance."""
        return pointers(self._cast.order)

    def figures(self, view: StageView) -> tuple[Figure, ...]:
        """Return what the pattern's watcher makes of it; none where it stumbles."""
        try:
            return tuple(self.watcher.figures(view))
        except Exception as error:
            self.books.complain(error)
            return ()

    def sentence(self, view: StageView) -> str:
        """Return what the pattern's watcher says of it; nothing where it stumbles."""
        try:
            return self.watcher.sentence(view)
        except Exception as error:
            self.books.complain(error)
            return ""

    def note(self, text: str, instance: str = "") -> None:
        """Log what the user or the playground did to an instance, or to the whole stage."""
        event = Event(now(), instance, "note", text=text)
        if self.running:
            self.books.note(event)
        else:
            self.journal.extend([event])

    @property
    def done(self) -> bool:
        """Whether the pattern has come to its end: every instance of the role that finishes has."""
        slots = [slot for slot in self._cast.order if slot.role.name == self.pattern.done]
        return bool(slots) and all(slot.actor is not None and not slot.alive for slot in slots)

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.settle()

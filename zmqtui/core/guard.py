"""The memory guard: looks at what the process has taken, and stops the stage whose peers take too much.

The high-water mark and MAXMSGSIZE do not bound memory: neither counts the frames of a message that never ends, nor
subscriptions. That memory is libzmq's, so it is the process that is looked at; whose it is is made out from who sent
how much. Descriptors are looked after in the same way.
"""

from __future__ import annotations

import threading
from typing import Protocol

from zmqtui.core.connections.connections import Stranger
from zmqtui.core.connections.descriptors import hang_up, received
from zmqtui.core.gauge import Gauge, give_back
from zmqtui.core.journal import now
from zmqtui.core.limits import Limits

CALM = 0.25
"""Seconds between two looks: what a flood can add in between is bounded by that."""
ALERT = 0.05
"""Seconds between two looks while memory is high, and for a while after a stop."""
SUSPICIOUS = 1 / 2
"""Share of the limit from which it is watched who sends how much."""
REMEMBERED = 10_000
"""Peers whose bytes are kept while memory is high; then it is begun anew."""
RESERVE = 24
"""Descriptors that must stay free, if there are peers from outside that could go."""
GRACE = 1.0
"""Seconds beyond the time for the handshake for which they may be short: who says nothing is gone by then."""
HANG_UP = 0.3
"""Seconds for which peers are hung up on before the roles are stopped: subscribers can keep a send busy for ever."""
PATIENCE = 0.1
"""Seconds for which it is waited for to go."""
AFTERMATH, EVERY = 10.0, 0.5
"""Seconds after a stop in which memory that becomes free is given back, and between two times."""


class Guarded(Protocol):
    """What the guard has to know of a stage."""

    @property
    def limits(self) -> Limits:
        """Its limits."""

    def strangers(self) -> list[Stranger]:
        """Return who is connected from outside."""

    def halt(self, why: str) -> None:
        """Stop, and say why."""


class Ward:
    """A stage that is looked after.

    Attributes:
        stage: The stage.
        least: The least memory since it was started, in MiB.
        senders: How many bytes each peer had sent when it was first looked at, and when it was last.
    """

    def __init__(self, stage: Guarded, mib: float) -> None:
        self.stage = stage
        self.least = mib
        self.senders: dict[Stranger, tuple[int, int]] = {}

    def look(self) -> None:
        """Take down how much each peer has sent."""
        if len(self.senders) > REMEMBERED:
            self.senders.clear()
        for peer in self.stage.strangers():
            count = received(peer.descriptor)
            self.senders[peer] = (self.senders.get(peer, (count, 0))[0], count)

    def sent(self) -> tuple[int, int, int]:
        """Return how many bytes its peers have sent lately, how many ever, and how many peers there are."""
        counts = self.senders.values()
        return sum(last - first for first, last in counts), sum(last for _, last in counts), len(counts)


class Guard:
    """Looks after every stage with a port, in one thread, as long as there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wards: dict[Guarded, Ward] = {}
        self._changed = threading.Event()
        self._gauge: Gauge | None = None
        self._thread: threading.Thread | None = None
        self._alert = self._halting = False
        self._told: set[str] = set()
        self._short_since = self._aftermath = self._given_back = self._enough = 0.0

    def watch(self, stage: Guarded) -> None:
        """Look after `stage` from now on.

        Raises:
            OSError: If the system has no room.
        """
        with self._lock:
            gauge = self._gauge or Gauge()
            self._wards[stage] = Ward(stage, gauge.mib())
            if self._gauge is None:
                self._gauge = gauge
                self._thread = threading.Thread(target=self._run, args=(gauge,), name="guard", daemon=True)
                self._thread.start()

    def leave(self, stage: Guarded) -> None:
        """Look after `stage` no longer."""
        with self._lock:
            self._wards.pop(stage, None)
        self._changed.set()

    def settle(self) -> None:
        """Wait for its thread to go, if there is nobody any more to look after."""
        with self._lock:
            thread = self._thread
            idle = not self._wards and not self._halting and now() > self._aftermath
        if thread and idle:
            thread.join(PATIENCE)

    def _run(self, gauge: Gauge) -> None:
        pause = CALM
        while True:
            self._changed.wait(pause)
            self._changed.clear()
            with self._lock:
                if not self._wards and now() > self._aftermath:
                    self._gauge = None
                    gauge.close()
                    return
                wards = list(self._wards.values())
            try:
                pause = self._look(gauge, wards)
            except Exception as error:
                # Whatever it is, the next look must come; that it may see nothing is said once.
                pause = CALM
                if str(error) not in self._told:
                    self._told.add(str(error))
                    threading.excepthook(threading.ExceptHookArgs((type(error), error, error.__traceback__, None)))

    def _look(self, gauge: Gauge, wards: list[Ward]) -> float:
        """Look once and return the seconds until the next look."""
        mib = gauge.mib()
        limited = [ward for ward in wards if ward.stage.limits.memory]
        for ward in limited:
            ward.least = min(ward.least, mib)
        alert, self._alert = self._alert, any(_share(ward, mib) > SUSPICIOUS for ward in limited)
        for ward in limited:
            if self._alert:
                ward.look()
            else:
                ward.senders.clear()
        # Who sends is known at the second look.
        if alert and any(_share(ward, mib) > 1 for ward in limited):
            ward = max(limited, key=Ward.sent)
            # Whose it is comes first: a narrow terminal cuts the rest.
            self._halt(
                ward,
                f"stopped by its memory guard: {_senders(ward)}; {mib - ward.least:,.0f} MiB more,"
                f" limit {ward.stage.limits.memory:,} (--limit memory=N allows more)",
            )
        elif why := self._descriptors(gauge, wards):
            self._halt(*why)
        if now() < self._aftermath:
            self._tidy(mib)
        return ALERT if self._alert or now() < self._aftermath else CALM

    def _descriptors(self, gauge: Gauge, wards: list[Ward]) -> tuple[Ward, str] | None:
        """Return who is to be stopped, and why, if descriptors are short for long."""
        used, most = gauge.descriptors()
        if most - used >= RESERVE or not wards:
            self._short_since = 0.0
            return None
        self._short_since = self._short_since or now()
        ward = max(wards, key=lambda each: len(each.stage.strangers()))
        peers = ward.stage.strangers()
        if len(peers) < RESERVE or now() < self._short_since + ward.stage.limits.handshake_ivl / 1000 + GRACE:
            return None
        self._short_since = 0.0
        return ward, (
            f"stopped by its guard: only {most - used} of {most:,} descriptors were left,"
            f" and {_crowd(peers)} had {len(peers):,} connections to {peers[0].endpoint}"
            " (ulimit -n allows more)"
        )

    def _halt(self, ward: Ward, why: str) -> None:
        stopping = threading.Thread(target=ward.stage.halt, args=(why,), name="halt", daemon=True)
        until = now() + HANG_UP
        while now() < until and _hang_up(ward):
            threading.Event().wait(0.01)
        self._halting = True
        stopping.start()
        while stopping.is_alive():
            _hang_up(ward)
            stopping.join(0.02)
        self._halting = False
        self._aftermath = now() + AFTERMATH
        self._enough = ward.least + ward.stage.limits.memory * SUSPICIOUS / 2
        with self._lock:
            for each in self._wards.values():
                # What is not given back is not theirs.
                each.least, each.senders = float("inf"), {}

    def _tidy(self, mib: float) -> None:
        if now() > self._given_back + EVERY:
            self._given_back = now()
            give_back()
        if mib < self._enough:
            self._aftermath = 0.0


def _share(ward: Ward, mib: float) -> float:
    return (mib - ward.least) / ward.stage.limits.memory


def _hang_up(ward: Ward) -> bool:
    """Hang up on everybody from outside and return whether there was somebody."""
    peers = ward.stage.strangers()
    for peer in peers:
        peer.end.cut = True
        hang_up(peer.descriptor, peer.end.ends)
    return bool(peers)


def _senders(ward: Ward) -> str:
    """Say from whom most of it came, and what it may be."""
    lately, ever, _ = ward.sent()
    counts = {peer: last - first if lately else last for peer, (first, last) in ward.senders.items()}
    if not ever:
        return "nobody outside was seen sending that, so it may be its own messages"
    most = max(counts, key=lambda peer: counts[peer])
    alone = counts[most] > sum(counts.values()) / 2
    who = most.name if alone else _crowd(list(counts))
    size = sum(ward.senders[peer][1] for peer in ([most] if alone else counts))
    what = "endless subscriptions" if most.socket in ("PUB", "XPUB") else "endless messages, or more than were taken,"
    return f"{who} sent {_size(size)} of {what} to {most.endpoint}"


def _crowd(peers: list[Stranger]) -> str:
    """Name peers by their host, if they have one in common."""
    hosts = {peer.name.rpartition(":")[0] or peer.name for peer in peers}
    return hosts.pop() if len(hosts) == 1 else f"{len(hosts):,} hosts"


def _size(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB" if count >= 2**20 else f"{count / 2**10:,.0f} KiB"


GUARD = Guard()
"""The process's own: it has one memory."""

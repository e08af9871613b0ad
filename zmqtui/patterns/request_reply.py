"""Request–reply: clients ask, a server works and answers, one request at a time."""

from __future__ import annotations

from collections import deque
from itertools import count
from statistics import median

import zmq

from zmqtui.core.model import Action, Endpoint, Endpoints, Knob, Knobs, Link, Pattern, Role
from zmqtui.core.role import say, sleep
from zmqtui.core.sockets.traced import Context, Socket
from zmqtui.core.state import State
from zmqtui.core.watch import Figure, StageView, Traffic, Watcher, names, verb


def server(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Reply to every request, after some work."""
    socket = context.socket(zmq.REP)
    socket.bind(endpoints.requests)
    while True:
        request = socket.recv()
        say(f"Received request: {request!r}")
        sleep(knobs.work)
        socket.send(knobs.reply)


def client(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Send a request, wait for its reply, and again."""
    socket = context.socket(zmq.REQ)
    socket.connect(endpoints.requests)
    for number in count(1):
        socket.send(knobs.request)
        reply = socket.recv()
        say(f"Received reply {number}: {reply!r}")
        if number == knobs.requests:
            break


def send_again(sockets: list[Socket], knobs: Knobs) -> None:
    """Send although the reply to the last request is missing: the REQ socket refuses."""
    for socket in sockets:
        if socket.awaiting:
            socket.send(knobs.request)
        else:
            say("No reply is missing: there is nothing to send again.")


class Rounds(Watcher):
    """Knows whom the server works for and how long round trips take."""

    def __init__(self) -> None:
        self._asked: dict[str, float] = {}
        self._trips: dict[str, deque[float]] = {}
        self._serving = ""
        self._replies: dict[str, int] = {}
        self._lives: dict[str, int] = {}

    def traffic(self, message: Traffic) -> None:
        """Pair requests with replies."""
        who = message.instance
        if message.role == "server":
            self._serving = message.peer or "somebody" if message.kind == "recv" else ""
            return
        if self._lives.setdefault(who, message.life) != message.life:
            # A new life begins with nothing asked and nothing answered.
            self.left(who)
            self._lives[who] = message.life
        if message.kind == "send":
            self._asked[who] = message.time
        elif who in self._asked:
            self._trips.setdefault(who, deque(maxlen=1000)).append(message.time - self._asked.pop(who))
            self._replies[who] = self._replies.get(who, 0) + 1

    def left(self, instance: str) -> None:
        """Forget an instance that was taken off the stage."""
        self._lives.pop(instance, None)
        self._asked.pop(instance, None)
        self._trips.pop(instance, None)
        self._replies.pop(instance, None)

    def figures(self, view: StageView) -> list[Figure]:
        """Return each client's replies and median round trip, and who waits for ever."""
        figures = []
        for client in view.of("client"):
            replies = self._replies.get(client.name, 0)
            wanted = view.knobs["requests"]
            figures.append(Figure("replies", replies, "", client.name))
            if trips := self._trips.get(client.name):
                middle = median(trips)
                figures.append(
                    Figure("round_trip_s", round(middle, 6), f"p50 {_seconds(middle)}", client.name, brief=True)
                )
            if client.orphaned:
                text = "waits for ever: its request is lost with the server"
                figures.append(Figure("lost", 1, text, client.name, tone="lost", brief=True))
        total = sum(self._replies.values())
        if wanted := view.knobs["requests"] * len(view.of("client")):
            done = min(1.0, total / wanted)
            figures.append(Figure("replies", total, f"{total:,} of {wanted:,} replies", fraction=done, tone="received"))
        else:
            figures.append(Figure("replies", total, f"{total:,} replies", tone="received"))
        lost = len([client for client in view.of("client") if client.orphaned])
        figures.append(Figure("lost", lost, f"{lost} lost with the server" if lost else "", tone="lost"))
        return figures

    def sentence(self, view: StageView) -> str:
        """Say who waits for whom."""
        server, clients = view.of("server")[0], view.of("client")
        waiting = [each for each in clients if each.awaiting and each.alive]
        forever = [each for each in waiting if each.orphaned]
        patient = [
            each
            for each in waiting
            if not each.orphaned and each.name != self._serving and each.state is not State.PAUSED
        ]
        if clients and all(each.state is State.FINISHED for each in clients):
            rest = "; the server waits for the next request" if server.state is State.RECEIVING else ""
            return f"Every client has its replies{rest}."
        if server.state is State.BINDING:
            return "The server waits for its port."
        if forever:
            lost = verb(forever, "its request was", "their requests were")
            who = f"{names(forever)} {verb(forever, 'waits', 'wait')}"
            now = "and a REQ never asks twice" if server.alive else "and no server runs"
            if server.state is State.WORKING and self._serving:
                now = f"the server now works for {self._serving}"
            return f"{who} for ever: {lost} lost with the server; {now}."
        if not server.alive:
            stuck = patient or [each for each in clients if each.state is State.SENDING]
            if not stuck:
                return "No server runs."
            if any(each.connected for each in stuck):
                return f"{names(stuck)} {verb(stuck, 'waits', 'wait')} for a server outside this playground."
            return f"{names(stuck)} {verb(stuck, 'waits', 'wait')} for a server: requests are kept until one is there."
        who = f"{names(patient)} {verb(patient, 'waits', 'wait')}" if patient else "nobody waits"
        if server.state is State.PAUSED:
            return f"The server is paused: {who}, nothing is lost."
        if server.state is State.WORKING and self._serving:
            whom = "one of them" if self._serving == "somebody" and patient else self._serving
            return f"{who}: the server works for {whom}." if patient else f"The server works for {whom}."
        if server.state is State.RECEIVING and not patient:
            return "The server waits in recv() for a request."
        return "Requests and replies take turns."


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 0.9995 else f"{seconds:.2f} s"


PATTERN = Pattern(
    name="reqrep",
    title="Request–reply",
    short="Req–rep",
    about=(
        "A client sends a request and waits for its reply before it may send the next one. The server takes one"
        " request at a time and cannot tell its clients apart: while it works, the others wait. Start them in any"
        " order; a message is just bytes."
    ),
    roles=(Role("server", server), Role("client", client, default=3, most=64)),
    endpoints=(Endpoint("requests", 5555, Link("server", "REP"), (Link("client", "REQ"),)),),
    knobs=(
        Knob("requests", "int", 10, "requests per client; 0 goes on for ever", low=0, high=10**9, role="client"),
        Knob("work", "float", 1.0, "how long the server works on a request", "s", 0, 3600, role="server"),
        Knob("request", "payload", b"Hello", "what clients send", role="client"),
        Knob("reply", "payload", b"World", "what the server replies", role="server"),
    ),
    watcher=Rounds,
    done="client",
    actions=(Action("client", "s", "send again anyway", send_again),),
)

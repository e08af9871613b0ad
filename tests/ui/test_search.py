"""The language of search and filter, what is found among many lines, and expressions that would never end."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress

import pytest

from tests.helpers import until
from zmqtui.core.journal import Event, Journal
from zmqtui.ui.event_index import EventIndex
from zmqtui.ui.event_line import text_of
from zmqtui.ui.finder import EARLIER, LATER, Finder
from zmqtui.ui.highlight import Highlight
from zmqtui.ui.patience import PATIENCE, TooLong, patiently
from zmqtui.ui.search import BadQuery, parse
from zmqtui.ui.sieve import Sieve

CATASTROPHE = "/(a+)+$/"
LINES = {
    "request": Event(1.0, "client-1", "send", (b"Hello", b"", b"World 7"), "requests"),
    "arrived": Event(1.1, "server", "recv", (b"Hello",), "requests", peer="client-1"),
    "said": Event(1.2, "server", "say", text="Received HELLO at /tmp/x"),
    "skipped": Event(1.3, "client-12", "skipped", text="send", messages=1234),
    "evil": Event(1.4, "client-2", "send", (b"\x1b[31m[/red]\xe2\x80\xae" + b"x" * 10_000_000,), "requests"),
    "state": Event(1.5, "server", "state", text="killed"),
}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", "request arrived said skipped evil state"),
        ("hello", "request arrived said"),
        ("Hello", "request arrived"),
        ("HELLO", "said"),
        ("hello world", "request"),
        ("world hello", "request"),
        ("hello !world", "arrived said"),
        ("@client", "request skipped evil"),
        ("@client-1", "request skipped"),
        ("@server @client-2", "arrived said evil state"),
        ("!@client", "arrived said state"),
        ("@", "request arrived said skipped evil state"),
        (">", "request skipped evil"),
        ("<", "arrived"),
        ("> <", "request arrived skipped evil"),
        ("!> !<", "said state"),
        ("@client > hello", "request"),
        (r"/w\w+ \d/", "request"),
        (r"/W\S+ \d/", "request"),
        (r"/w\S+ [A-Z]/", ""),
        ("/hello at/", "said"),
        ("!/l+o/", "skipped evil state"),
        ("client-1", "request arrived skipped"),
        ("/tmp/x", "said"),
        (r"/\/tmp\//", "said"),
        ("␛[31m[/red]", "evil"),
        (r"\u202e", "evil"),
        ("!", "request arrived said skipped evil state"),
        ("1,234", "skipped"),
    ],
)
def test_the_language(typed: str, found: str) -> None:
    """Words, capitals, expressions, names, directions and their opposites find what the help says they find."""
    query = parse(typed)
    fits = [name for name, event in LINES.items() if query.admits(event) and query.finds(text_of(event))]
    assert fits == found.split()
    assert query.empty == (found.split() == list(LINES))


@pytest.mark.parametrize("typed", ["/(/", "/a**/", "/[b/", "/(?P<x>a)(?P<x>b)/", "/a{99999999999}/", "/(\x1b/"])
def test_what_is_no_expression_is_refused_in_one_line(typed: str) -> None:
    """A mistake in an expression is one printable line, never an error of another kind."""
    with pytest.raises(BadQuery, match="is no expression") as refused:
        parse(typed)
    assert str(refused.value).isprintable()


def test_what_is_highlighted_is_what_was_looked_for() -> None:
    """Every place that made a line be found is highlighted once, and nothing in a line that was not."""
    text = text_of(LINES["request"])
    shown = [text[first:last] for first, last in parse(r"hello O /o\w/").spans(text)]
    assert shown == ["Hello", "or"]
    highlight = Highlight(parse("hello @server"))
    assert highlight.spans(LINES["request"]) == []
    assert [text_of(LINES["arrived"])[slice(*span)] for span in highlight.spans(LINES["arrived"])] == ["Hello"]


def index_of(count: int, limit: int = 100_000) -> tuple[Journal, EventIndex]:
    """Return a journal of that many messages, and its index."""
    journal = Journal(limit)
    journal.extend(message(number) for number in range(count))
    index = EventIndex(journal)
    index.pull()
    return journal, index


def message(number: int) -> Event:
    """Return a scripted message."""
    return Event(number / 1000, f"client-{number % 3 + 1}", "send", (b"message %d" % number,), "line")


def test_a_hundred_thousand_lines_are_sifted_a_little_at_a_time() -> None:
    """No frame pays for all lines, the newest are found first, and in the end exactly the right ones are found."""
    _, index = index_of(100_000)
    sieve = Sieve(parse("@client-2 7"))
    frames = 0
    while not sieve.done:
        began = time.thread_time()
        sieve.work(index.of(""), index.get)
        # Four milliseconds are meant; the machine may be busy with other things.
        assert time.thread_time() - began < 0.05
        frames += 1
        if frames == 1:
            assert sieve.found[-1] == max(number for number in range(100_000) if number % 3 == 1 and "7" in str(number))
            assert 0 < sieve.share < 1
    assert frames > 5
    assert list(sieve.found) == [number for number in range(100_000) if number % 3 == 1 and "7" in str(number)]


def test_what_is_found_follows_the_journal() -> None:
    """What comes is looked through at once, what the journal forgets is forgotten, whatever was found before."""
    journal, index = index_of(1000, limit=1000)
    sieve = Sieve(parse("5"))
    for end in (1000, 1050, 3000, 3001, 9000):
        journal.extend(message(number) for number in range(journal.bounds[1], end))
        index.pull()
        sieve.work(index.of(""), index.get, seconds=60)
        assert sieve.done
        assert list(sieve.found) == [number for number in range(*journal.bounds) if "5" in str(number)]
    sieve.work(index.of(""), index.get, first=8900, seconds=60)
    assert list(sieve.found) == [number for number in range(8900, 9000) if "5" in str(number)]
    journal.clear()
    index.pull()
    sieve.work(index.of(""), index.get)
    assert not sieve.found
    journal.extend(map(message, range(50, 60)))
    index.pull()
    sieve.work(index.of(""), index.get)
    assert len(sieve.found) == 10


def test_from_one_to_the_next_and_round() -> None:
    """The next one is found in either direction, past an end at the other, and nothing where there is nothing."""
    _, index = index_of(100)
    finder = Finder()

    def go(number: int, way: int) -> int | None:
        finder.go(number, way)
        finder.work(index.of(""), index.get, 0)
        return finder.arrived()

    finder.begin(parse("@client-1"), parse("/[05]$/"))
    assert [go(100, EARLIER), go(90, EARLIER), go(0, LATER), go(15, LATER)] == [90, 75, 15, 30]
    assert finder.around == ""
    assert go(90, LATER) == 0
    assert finder.around == "on from the oldest"
    assert go(0, EARLIER) == 90
    assert finder.around == "on from the newest"
    assert finder.said(100, 75) == ["& @client-1", "34 of 100 lines", "/ /[05]$/: 6 of 7", "on from the newest"]
    finder.begin(None, parse("nowhere"))
    assert go(50, LATER) is None
    assert finder.said(100, None) == ["/ nowhere: 0 found"]


def test_an_expression_that_never_ends_is_given_up() -> None:
    """An expression that would take years on one line costs a moment; who was waiting for the alarm still is."""
    journal = Journal()
    journal.extend([message(0), Event(0, "client-1", "send", (b"a" * 60 + b"!",), "line"), message(2)])
    index = EventIndex(journal)
    index.pull()
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 60)
        sieve = Sieve(parse(CATASTROPHE))
        began = time.thread_time()
        sieve.work(index.of(""), index.get)
        highlight = Highlight(parse(CATASTROPHE))
        assert all(highlight.spans(event) == [] for event in index.read(0, 10)[0])
        assert time.thread_time() - began < 2
        assert sieve.tired
        assert sieve.done
        assert not sieve.found
        assert highlight.tired
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60
        assert not rung
        signal.raise_signal(signal.SIGALRM)
        assert rung == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_the_time_that_others_took_is_not_held_against_an_expression() -> None:
    """On a busy machine, or after the app was suspended, an expression that is quick is not given up."""
    assert patiently(lambda: threading.Event().wait(0.1), 0.01) is False
    with pytest.raises(TooLong):
        patiently(lambda: [None for _ in iter(int, 1)], 0.01)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_alarm_at_once_is_caught_too() -> None:
    """However little time is left, the alarm leaves time to get on, and is never left on."""
    before = signal.getsignal(signal.SIGALRM)
    for _ in range(20):
        began = time.thread_time()
        with suppress(TooLong):
            patiently(lambda began=began: [None for _ in iter(lambda: time.thread_time() < began + 0.01, False)], 1e-6)  # type: ignore[misc]
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
        assert signal.getsignal(signal.SIGALRM) is before


def test_many_lines_are_no_slow_expression() -> None:
    """To look through all lines at once, as for saving, must not count as one expression that never ends."""
    _, index = index_of(100_000)
    sieve = Sieve(parse("/message .*7$/"))
    began = time.thread_time()
    sieve.work(index.of(""), index.get, seconds=60)
    assert time.thread_time() - began > PATIENCE
    assert not sieve.tired
    assert len(sieve.found) == 10_000


def test_off_the_main_thread_there_is_no_alarm() -> None:
    """Where no signal can be taken, work is done all the same."""
    done: list[str] = []
    thread = threading.Thread(target=lambda: done.append(patiently(lambda: "done")), daemon=True)
    thread.start()
    until(lambda: done == ["done"])

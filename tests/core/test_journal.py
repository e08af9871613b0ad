"""The window of events and what it says of what it does not show."""

from __future__ import annotations

from zmqtui.core.journal import SENT, Event, Journal
from zmqtui.core.sampler import BURST, Sampler
from zmqtui.core.sockets.tape import Message, Tape


def numbered(first: int, count: int, size: int = 1) -> list[Event]:
    return [Event(float(number), "a", "send", (b"x" * size,)) for number in range(first, first + count)]


def test_the_window_is_bounded_and_cursors_stay_valid() -> None:
    """Protects memory, and readers that fall behind."""
    journal = Journal(limit=100)
    cursor, seen = 0, 0
    for first in range(0, 10_000, 37):
        journal.extend(numbered(first, 37))
        events, cursor = journal.read(cursor)
        assert [event.time for event in events] == [float(seen + place) for place in range(len(events))]
        seen += len(events)
        first_held, end = journal.bounds
        assert end - first_held <= 111
        assert cursor == end
    late, cursor = journal.read(0)
    assert late[0].time == float(journal.bounds[0])
    assert journal.get(journal.bounds[0]) == late[0]
    assert journal.get(journal.bounds[0] - 1) is None
    assert journal.get(journal.bounds[1]) is None
    assert journal.read(cursor) == ([], cursor)
    first_part, middle = journal.read(journal.bounds[0], 10)
    assert first_part == late[:10]
    assert journal.read(middle)[0] == late[10:]
    journal.clear()
    assert journal.read(cursor) == ([], cursor)
    journal.extend(numbered(0, 1))
    assert len(journal.read(cursor)[0]) == 1


def test_large_payloads_are_bounded_by_bytes() -> None:
    """Protects memory from few but large messages."""
    journal = Journal(limit=10_000, budget=1_000_000)
    for first in range(200):
        journal.extend(numbered(first, 1, 100_000))
    assert 5 <= len(journal.read(0)[0]) <= 11


def test_a_burst_is_shown_and_then_sampled_with_exact_sums() -> None:
    """Protects the promise "events shown + skipped == sent", and that a slow stream is never cut."""
    tape = Tape("a", SENT)
    when, written, shown = 0.0, 0, 0
    for count in [BURST, 5000, 5000, 0, 7000, 1, 0, 0, *[3] * 100, 9000, 0]:
        when += 0.05
        for _ in range(count):
            tape.frame(when, b"x", False)
        taken = tape.take()
        written += tape.count(taken)
        events = tape.sample(taken, when - 0.05, when)
        shown += sum(event.messages for event in events)
        if count in (BURST, 3):
            assert len([event for event in events if event.kind == "send"]) == count
        else:
            assert len(events) <= 2
        assert [event.time for event in events] == sorted(event.time for event in events)
    shown += sum(event.messages for event in tape.close(when))
    assert shown == written == tape.tally.messages


def test_bare_bytes_get_times_in_between() -> None:
    """Protects the order of what was written in a hurry."""
    tape = Tape("a", SENT)
    tape.items += [b"a", b"bc"]
    tape.write(Message(1.5, (b"d", b"ef")))
    taken = tape.take()
    assert (taken.first, taken.bare, tape.position()) == (0, False, 3)
    assert tape.count(taken) == 3
    assert tape.tally == (3, 4, 6)
    times = [event.time for event in tape.sample(taken, 1.0, 2.0)]
    assert 1 < times[0] < times[1] < 2


def test_frames_of_one_message_are_one_event() -> None:
    """Protects multipart messages."""
    tape = Tape("a", SENT)
    for data, more in ((b"a", True), (b"", True), (b"c", False), (b"d", False)):
        tape.frame(1.0, data, more)
    assert [item.frames for item in tape.take().items] == [(b"a", b"", b"c"), (b"d",)]
    assert tape.multipart
    assert not tape.fast


def test_rates() -> None:
    """Protects the rate on a card: over the last second or so, and nothing once it is quiet."""
    tape = Tape("a", SENT)
    for tick in range(40):
        tape.recent.append((tick * 0.05, tick * 50))
    assert tape.rate(39 * 0.05) == 1000
    assert tape.rate(100.0) == 0


def test_the_sampler_keeps_account() -> None:
    """Protects the sum of kept and skipped over any stream."""
    sampler = Sampler()
    kept = sum(sampler.keep(count, tick * 0.05, tick * 0.05 + 0.05) for tick, count in enumerate([10, 3000, 500] * 50))
    assert kept + sampler.skipped == 3510 * 50
    sampler.whole = True
    assert sampler.keep(10**6, 0, 1) == 10**6


def test_text_counts_towards_the_budget() -> None:
    """Protects the memory from roles that print whole payloads."""
    journal = Journal(budget=1000)
    journal.extend(Event(float(number), "role", "say", text="x" * 100) for number in range(100))
    first, following = journal.bounds
    assert (following - first) * 100 <= 1000

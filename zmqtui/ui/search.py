"""The language of search and filter: what a line must have to be found."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from zmqtui.core.journal import RECEIVED, SENT, Event
from zmqtui.core.text import printable

HINT: Final = "words  /regex/  @client  > sent  < received  !not"
"""The language in one line."""
_TOKEN = re.compile(r"(!?)(/(?:\\.|[^\\/])+/(?=\s|$)|\S+)")


class BadQuery(ValueError):
    """What was typed is no query; the text says why, on one line."""


@dataclass(frozen=True)
class Query:
    """What a line must have. Made by `parse`.

    Attributes:
        typed: As it was typed.
        names: Beginnings of instances' names, and whether the line must not be theirs; of the others, one is enough.
        ways: ``send`` or ``recv``, and whether the line must not go that way.
        words: Texts, and whether they must not be there; one without capitals is found in any case.
        expressions: Regular expressions, and whether they must not be found.
    """

    typed: str
    names: tuple[tuple[str, bool], ...] = ()
    ways: tuple[tuple[str, bool], ...] = ()
    words: tuple[tuple[str, bool], ...] = ()
    expressions: tuple[tuple[re.Pattern[str], bool], ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing, so that every line has it."""
        return not (self.names or self.ways or self.reads)

    @property
    def reads(self) -> bool:
        """Whether a line's text matters."""
        return bool(self.words or self.expressions)

    def admits(self, event: Event) -> bool:
        """Tell whether an event is whose and goes where it should; its text is another question."""
        if self.names and not _one_of(self.names, event.instance.startswith):
            return False
        # What was skipped says which way it went.
        way = event.text if event.kind == "skipped" else event.kind
        return not self.ways or _one_of(self.ways, way.__eq__)

    def finds(self, text: str) -> bool:
        """Tell whether a line's text has what it should."""
        low = text.lower()
        for word, barred in self.words:
            if (word in (low if word == word.lower() else text)) is barred:
                return False
        return not any((expression.search(text) is not None) is barred for expression, barred in self.expressions)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where in a line's text is what was looked for, in order and apart."""
        found: list[tuple[int, int]] = []
        for word, barred in self.words:
            if not barred:
                flags = re.IGNORECASE if word == word.lower() else re.NOFLAG
                found += [match.span() for match in re.finditer(re.escape(word), text, flags)]
        for expression, barred in self.expressions:
            if not barred:
                found += [match.span() for match in expression.finditer(text)]
        apart: list[tuple[int, int]] = []
        for first, last in sorted(span for span in found if span[0] < span[1]):
            if apart and first <= apart[-1][1]:
                apart[-1] = apart[-1][0], max(last, apart[-1][1])
            else:
                apart.append((first, last))
        return apart

    def highlights(self, text: str) -> list[tuple[int, int]]:
        """Return what to highlight of an admitted line's text: what was looked for, or else whose it is."""
        if not self.finds(text):
            return []
        return self.spans(text) or [(0, text.index(" ") + 2)]

    def both(self, other: Query) -> Query:
        """Return the query for what has this and the other."""
        return Query(
            f"{self.typed} {other.typed}",
            self.names + other.names,
            self.ways + other.ways,
            self.words + other.words,
            self.expressions + other.expressions,
        )


def _one_of(wanted: tuple[tuple[str, bool], ...], has: Callable[[str], bool]) -> bool:
    """Tell whether something has none of what is barred, and one of the others if there are any."""
    if any(barred and has(each) for each, barred in wanted):
        return False
    asked = [each for each, barred in wanted if not barred]
    return not asked or any(map(has, asked))


def parse(typed: str) -> Query:
    """Read a query.

    Words are all needed, in any case unless they have capitals; ``/…/`` is a regular expression, ``@client`` an
    instance or a role (one of them, where there are several), ``>`` what was sent, ``<`` what was received; ``!``
    before any of them means not.

    Raises:
        BadQuery: If an expression is none.
    """
    names: list[tuple[str, bool]] = []
    ways: list[tuple[str, bool]] = []
    words: list[tuple[str, bool]] = []
    expressions: list[tuple[re.Pattern[str], bool]] = []
    for token, barred in _tokens(typed):
        if token in ("<", ">"):
            ways.append((SENT if token == ">" else RECEIVED, barred))
        elif token.startswith("@"):
            if token != "@":
                names.append((token[1:].lower(), barred))
        elif len(token) > 2 and token[0] == token[-1] == "/":
            expressions.append((_expression(token[1:-1]), barred))
        else:
            words.append((token, barred))
    return Query(" ".join(typed.split()), tuple(names), tuple(ways), tuple(words), tuple(expressions))


def _tokens(typed: str) -> Iterator[tuple[str, bool]]:
    """Yield each part and whether it is barred; a lone ``!`` waits for what is still to be typed."""
    for mark, token in _TOKEN.findall(typed):
        if token != "!" or mark:
            yield token, bool(mark)


def _expression(source: str) -> re.Pattern[str]:
    # \S and the like are no capitals.
    capitals = re.sub(r"\\.", "", source) != re.sub(r"\\.", "", source).lower()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(source, re.NOFLAG if capitals else re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadQuery(f"/{printable(source, 40)}/ is no expression: {printable(str(error), 80)}") from None

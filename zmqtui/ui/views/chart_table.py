"""The numbers of charts as text: what is copied and what is saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from zmqtui.core.books.moments import Past
from zmqtui.core.books.trips import percentiles
from zmqtui.ui.views.plot import Line


def table_of(lines: Sequence[Line], unit: str) -> list[list[str]]:
    """Return the numbers of lines: one row for each moment that any of them has."""
    named = [line for line in lines if line.name]
    values = [dict(line.points) for line in named]
    moments = sorted({when for points in values for when in points})
    rows = [["seconds", *(f"{line.name} ({unit})" for line in named)]]
    for when in moments:
        rows.append([f"{when:.2f}", *(f"{points[when]:.9g}" if when in points else "" for points in values)])
    return rows


def whole(past: Past) -> str:
    """Return every count at every moment as comma-separated text, with round trips since the moment before."""
    counts = sorted(past.counts)
    columns = [past.of(*count) for count in counts]
    trips = [(role, *past.trips(role)) for role in past.askers]
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    heads = [" ".join(filter(None, count)) for count in counts]
    table.writerow(
        [
            "seconds",
            *heads,
            *(f"{role} round trip {what} (s)" for role, _, _ in trips for what in ("p50", "p99", "max")),
        ]
    )
    for index, when in enumerate(past.times):
        row = [f"{when - past.began:.3f}", *(f"{column[index]:.15g}" for column in columns)]
        for _, bins, peaks in trips:
            before = bins[index - 1] if index else None
            found = percentiles(before, bins[index], (0.5, 0.99)) or (0.0, 0.0)
            row += [f"{value:.4g}" if value else "" for value in (*found, peaks[index])]
        table.writerow(row)
    return out.getvalue()

"""The chart of shares: who got how many messages, and how long each worked."""

from __future__ import annotations

from textual.content import Content

from zmqtui.core.model import Pattern, Role
from zmqtui.ui.face import bar
from zmqtui.ui.views.axes import DIM
from zmqtui.ui.views.chart import RECEIVES, SUBSCRIBES, Chart, Drawing, Frame, names, sockets


class Shares(Chart):
    """How the messages were shared among the instances of a role, and how long each worked."""

    TITLE = "Shares"
    UNIT = "messages"

    def fits(self, pattern: Pattern) -> bool:
        """Tell whether some role is played by several that do not all get the same."""
        return bool(self._roles(pattern))

    def _roles(self, pattern: Pattern) -> list[Role]:
        return [role for role in pattern.roles if role.most > 1 and not sockets(pattern, role.name) & SUBSCRIBES]

    def most(self, frame: Frame, room: int) -> int:
        """Return the rows that it has any use for: one for each instance."""
        return sum(len(names(frame, role)) for role in self._roles(frame.scene.stage.pattern))

    def draw(self, frame: Frame, width: int, height: int) -> Drawing | None:
        """Draw a bar for each instance; who got most is marked."""
        pattern = frame.scene.stage.pattern
        roles = [share for share in (_Share(frame, role) for role in self._roles(pattern)) if share.total]
        rows: list[Content] = []
        table = [["instance", "messages", "share", "busy (s)"]]
        hits: dict[int, str] = {}
        room = height // max(1, len(roles))
        for share in roles:
            own = share.own
            table += [
                [
                    name,
                    f"{share.counts[name]:.0f}",
                    f"{share.counts[name] / share.total:.4f}",
                    f"{share.work[name]:.3f}",
                ]
                for name in own
            ]
            if len(own) > room:
                # Not all are to be seen: then at least those who got most.
                own = sorted(own, key=lambda name: -share.counts[name])
            first = max(0, min(frame.offset * (room - 1), len(own) - room))
            for name in own[first : first + room]:
                hits[len(rows)] = name
                rows.append(_share(frame, share, name, width))
            if len(own) > room:
                rows[-1] = Content.styled(f"{first + 1} to {first + room - 1} of {len(own)}: pageup, pagedown", DIM)
                del hits[len(rows) - 1]
        head = [Content.styled(share.told, "$foreground 70%") for share in roles]
        return Drawing(head, rows, table, hits) if rows else None


class _Share:
    """How much each instance of a role got in a span, and how long it worked."""

    def __init__(self, frame: Frame, role: Role) -> None:
        what = "received" if sockets(frame.scene.stage.pattern, role.name) & RECEIVES else "sent"
        self.own = names(frame, role)
        self.counts = {name: frame.grown(frame.sum([name], what)) for name in self.own}
        self.work = {name: frame.grown(frame.past.of(name, "work")) for name in self.own}
        self.total = sum(self.counts.values())
        self.most = max(self.counts.values(), default=0.0)
        self.longest = max(self.work.values(), default=0.0)
        counts = list(self.counts.values())
        leaders = [name for name, count in self.counts.items() if count == self.most]
        # Two that got the same did not get most.
        self.first = leaders[0] if len(leaders) == 1 < len(counts) else ""
        even = (
            f"{self.most:,.0f} each"
            if min(counts, default=0.0) == self.most
            else f"an even share is {self.total / max(1, len(self.own)):,.0f}"
        )
        self.told = f"{role.name} {what} {self.total:,.0f}, {even}"


def _share(frame: Frame, share: _Share, name: str, width: int) -> Content:
    """Draw what one instance got and how long it worked."""
    count, work = share.counts[name], share.work[name]
    here = frame.scene.stage.instance(name) is not None
    most = name == share.first
    busiest = 0 < work == share.longest and len(share.own) > 1
    style = "$tone-received" if here else "$foreground 40%"
    label = "bold reverse $primary" if name == frame.scene.selected else "bold" if most else "$foreground 80%"
    busy = f"{work:>8.2f} s busy{' ◀' if busiest else '  '}" if share.longest else ""
    mark = " ◀ most" if most else "" if here else " gone"
    numbers = f"{count:>8,.0f} {count / share.total:>4.0%}"
    left = width - 13 - len(numbers) - 7 - len(busy)
    # A bar for each where there is room for two that can be compared.
    cells = left * 2 // 3 if share.longest and left >= 36 else left
    working = "$tone-working" if here else "$foreground 40%"
    return Content.assemble(
        (f"{name:<13.13}", label),
        (bar(count / share.most, max(4, cells)), style),
        (numbers, f"bold {style}" if most else style),
        (f"{mark:<7}", "bold $tone-received" if most else DIM),
        (bar(work / share.longest, left - cells) if share.longest and left > cells else "", working),
        (busy, f"bold {working}" if busiest else working),
    ).truncate(width, ellipsis=True)

"""An entry that is closed takes no new repayment, and says where to go instead; what was begun goes on (R147, R155)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from fenqi.domain.entries import EntryKind, Way
from fenqi.domain.entries.sentences import why
from fenqi.domain.errors import FenqiError
from fenqi.usecases.entries.routing import Route, route


class EntryClosed(FenqiError):
    """The entry takes no repayment of this plan now. Details: `entry`, `until` (ISO, or empty), `instead`."""

    code = "entry_closed"
    status = 409
    zh = "「{name_zh}」现在不能还这一笔：{why_zh}。没有扣款。请改用「{instead_zh}」。"
    en = "{name_en} takes no repayment of this plan now. {why_en}. Nothing was charged. Use instead: {instead_en}."


def require_open(customer_id: UUID, plan_id: UUID, via: EntryKind, *, now: datetime) -> None:
    """Raises EntryClosed, NotFound. A plan that its lender collects is not judged here: its quote says so."""
    found = route(customer_id, plan_id, now=now)
    if found.lender is None and not found.works(via):
        raise closed(found, via)


def open_entry(found: Route, kinds: Iterable[EntryKind]) -> Way | None:
    """The first of the kinds through which the plan can be repaid now."""
    ways = (found.of_kind(kind) for kind in kinds)
    return next((way for way in ways if way is not None and way.works), None)


def closed(found: Route, via: EntryKind) -> EntryClosed:
    """Why that entry does not take it, and what does."""
    way = found.of_kind(via)
    instead = found.way(way.instead) if way else None
    instead = instead or found.best
    said = why(way) if way else None
    return EntryClosed(
        entry=way.code if way else via.value,
        name_zh=way.entry.name_zh if way else "该入口",
        name_en=way.entry.name_en if way else "This entry",
        why_zh=(said.zh if said else "它不适用于这笔分期").strip(),
        why_en=said.en if said else "It is not for this plan",
        until=way.until.isoformat() if way and way.until else "",
        instead=instead.code,
        instead_zh=instead.entry.name_zh,
        instead_en=instead.entry.name_en,
    )

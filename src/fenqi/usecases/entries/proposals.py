"""Versions of entries that wait for a second person: each is an act on record, and so is what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from fenqi.domain.entries import Entry, EntryKind, Group
from fenqi.domain.errors import NotFound
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import AuditRecord
from fenqi.usecases import audit, clock

WAITS: Final = timedelta(days=14)
"""Afterwards a proposal that nobody decided is over."""

_TEXTS: Final = ("code", "name_zh", "name_en", "howto_zh", "howto_en", "address", "successor")
_DECIDING: Final = (audit.Action.ENTRY_PUBLISHED, audit.Action.ENTRY_TURNED_DOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryProposal:
    """`after` is the newest version when it was proposed, 0 of a new entry. `decided` by whom, empty while it waits."""

    proposal_id: UUID
    entry: Entry
    after: int
    reason: str
    proposed_by: str
    proposed_name: str
    proposed_at: datetime
    decided: str = ""
    is_published: bool = False


def to_details(entry: Entry, *, after: int) -> dict[str, Any]:
    """As it is kept with the act."""
    return {
        **{name: getattr(entry, name) for name in _TEXTS},
        "kind": entry.kind.value,
        "position": entry.position,
        "rules": entry.group.to_mapping(),
        "opens_at": entry.opens_at.isoformat() if entry.opens_at else "",
        "closes_at": entry.closes_at.isoformat() if entry.closes_at else "",
        "opens_on": entry.opens_on.isoformat() if entry.opens_on else "",
        "closes_on": entry.closes_on.isoformat() if entry.closes_on else "",
        "moved_at": entry.moved_at.isoformat() if entry.moved_at else "",
        "after": after,
    }


def _entry(kept: Mapping[str, Any]) -> Entry:
    return Entry(
        **{name: kept[name] for name in _TEXTS},
        kind=EntryKind(kept["kind"]),
        position=kept["position"],
        group=Group.from_mapping(kept["rules"]),
        opens_at=time.fromisoformat(kept["opens_at"]) if kept["opens_at"] else None,
        closes_at=time.fromisoformat(kept["closes_at"]) if kept["closes_at"] else None,
        opens_on=date.fromisoformat(kept["opens_on"]) if kept["opens_on"] else None,
        closes_on=date.fromisoformat(kept["closes_on"]) if kept["closes_on"] else None,
        moved_at=datetime.fromisoformat(kept["moved_at"]).astimezone(clock.mall_zone()) if kept["moved_at"] else None,
    )


def waiting_proposals(*, now: datetime) -> tuple[EntryProposal, ...]:
    """Those of the last days that nobody decided, the newest first."""
    acts = _acts(now=now).filter(action=audit.Action.ENTRY_PROPOSED.value).order_by("-at", "-id")
    return tuple(one for one in _views(list(acts)) if not one.decided)


def entry_proposal(proposal_id: UUID, *, now: datetime) -> EntryProposal:
    """Raises NotFound, of one that is over, too."""
    row = _acts(now=now).filter(id=proposal_id, action=audit.Action.ENTRY_PROPOSED.value).first()
    if row is None:
        raise NotFound
    return _views([row])[0]


def _acts(*, now: datetime) -> Any:
    return AuditRecord.objects.filter(customer_id=HOUSE_ID, at__gt=now - WAITS)


def _views(rows: list[AuditRecord]) -> list[EntryProposal]:
    if not rows:
        return []
    since = min(row.at for row in rows)
    decisions = AuditRecord.objects.filter(
        customer_id=HOUSE_ID, at__gte=since, action__in=[one.value for one in _DECIDING]
    )
    decided = {row.details.get("proposal"): row for row in decisions}
    names = audit.names_of({row.actor for row in (*rows, *decided.values())})
    return [_view(row, decided.get(str(row.id)), names) for row in rows]


def _view(row: AuditRecord, decision: AuditRecord | None, names: Mapping[str, str]) -> EntryProposal:
    return EntryProposal(
        proposal_id=row.id,
        entry=_entry(row.details),
        after=row.details["after"],
        reason=row.reason,
        proposed_by=row.actor,
        proposed_name=names.get(row.actor, row.actor),
        proposed_at=row.at.astimezone(clock.mall_zone()),
        decided=names.get(decision.actor, decision.actor) if decision else "",
        is_published=decision is not None and decision.action == audit.Action.ENTRY_PUBLISHED.value,
    )

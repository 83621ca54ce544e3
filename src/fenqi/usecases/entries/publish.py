"""Staff publish a version of an entry: new, changed, for another group, or moved. The versions before stay (R146).

One proposes it and sees whom it would serve; another approves it, and then it rules.
"""

import re
from dataclasses import replace
from datetime import datetime
from typing import Final
from unicodedata import category
from uuid import UUID

from django.db import transaction

from fenqi.domain.entries import Entry, EntryKind
from fenqi.domain.errors import InvalidInput
from fenqi.records.identifiers import new_id
from fenqi.records.models import RepaymentEntry
from fenqi.usecases import audit
from fenqi.usecases.entries.announce_leaving import queue_news_of
from fenqi.usecases.entries.catalog import ELSEWHERE, newest_versions
from fenqi.usecases.entries.errors import EntryChanged, LastWayClosed, ProposalDecided, SamePerson, SuccessorNotOpen
from fenqi.usecases.entries.plan_closing import MOST_LISTED, one_after_the_other
from fenqi.usecases.entries.proposals import EntryProposal, entry_proposal, to_details
from fenqi.usecases.entries.served import Served, served_by
from fenqi.usecases.staff.permissions import Permission, Staff

_LONGEST: Final = {"code": 40, "name_zh": 40, "name_en": 80, "howto_zh": 300, "howto_en": 500, "address": 200}
LAST_POSITION: Final = 999
_NOT_TEXT: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_CODE: Final = re.compile(r"[a-z][a-z0-9_]*")
_ADDRESSES: Final = {
    EntryKind.FINANCE_APP: re.compile(r"https://[^\s/@]+\.[^\s@]+"),
    EntryKind.HOTLINE: re.compile(r"\+?[0-9][0-9 -]{2,24}"),
}


def preview_entry(staff: Staff, entry: Entry, *, after: int, now: datetime) -> Served:
    """Whom it would serve, before it is proposed. `after` is the version it was written from, 0 for a new entry.

    Raises NotPermitted, InvalidInput, EntryChanged.
    """
    staff.require(Permission.PLAN_CLOSINGS)
    _check(entry, after)
    return served_by(entry, now=now)


def propose_entry(staff: Staff, entry: Entry, *, after: int, reason: str = "", now: datetime) -> UUID:
    """It waits for a colleague. Gives the proposal's id.

    Raises NotPermitted, InvalidInput, EntryChanged, LastWayClosed, SuccessorNotOpen.
    """
    staff.require(Permission.PLAN_CLOSINGS)
    _check(entry, after)
    _refuse_shutting_out(entry, now)
    with transaction.atomic(durable=True):
        return audit.record(
            staff.actor,
            audit.Action.ENTRY_PROPOSED,
            subject=f"entry:{entry.code}",
            reason=reason.strip()[:200],
            details=to_details(entry, after=after),
            now=now,
        )


def approve_entry(staff: Staff, proposal_id: UUID, *, now: datetime) -> int:
    """It rules from now on, and who loses an entry is told; gives its version.

    Raises NotPermitted, NotFound, SamePerson, ProposalDecided, and what a proposal can be refused for.
    """
    staff.require(Permission.APPROVE_CLOSINGS)
    with transaction.atomic(durable=True):
        one_after_the_other()
        proposal = _waiting(proposal_id, now)
        if proposal.proposed_by == staff.actor:
            raise SamePerson
        _check(proposal.entry, proposal.after)
        _refuse_shutting_out(proposal.entry, now)
        before = newest_versions().get(proposal.entry.code)
        version = _publish(staff, proposal.entry, now)
        queue_news_of(replace(proposal.entry, version=version), before, now=now)
        audit.record(
            staff.actor,
            audit.Action.ENTRY_PUBLISHED,
            subject=f"entry:{proposal.entry.code}",
            details={"version": version, "proposal": str(proposal_id)},
            now=now,
        )
    return version


def turn_down_entry(staff: Staff, proposal_id: UUID, *, reason: str = "", now: datetime) -> None:
    """Who proposed may take it back, too. Raises NotPermitted, NotFound, ProposalDecided."""
    if not staff.may(Permission.PLAN_CLOSINGS):
        staff.require(Permission.APPROVE_CLOSINGS)
    with transaction.atomic(durable=True):
        one_after_the_other()
        proposal = _waiting(proposal_id, now)
        audit.record(
            staff.actor,
            audit.Action.ENTRY_TURNED_DOWN,
            subject=f"entry:{proposal.entry.code}",
            reason=reason.strip()[:200],
            details={"proposal": str(proposal_id)},
            now=now,
        )


def _waiting(proposal_id: UUID, now: datetime) -> EntryProposal:
    proposal = entry_proposal(proposal_id, now=now)
    if proposal.decided:
        raise ProposalDecided
    return proposal


def _publish(staff: Staff, entry: Entry, now: datetime) -> int:
    newest = RepaymentEntry.objects.filter(code=entry.code).order_by("-version").first()
    version = (newest.version if newest else 0) + 1
    RepaymentEntry.objects.create(
        id=new_id(),
        code=entry.code,
        version=version,
        kind=entry.kind.value,
        position=entry.position,
        name_zh=entry.name_zh.strip(),
        name_en=entry.name_en.strip(),
        howto_zh=entry.howto_zh.strip(),
        howto_en=entry.howto_en.strip(),
        address=entry.address,
        rules=entry.group.to_mapping(),
        opens_at=entry.opens_at,
        closes_at=entry.closes_at,
        opens_on=entry.opens_on,
        closes_on=entry.closes_on,
        moved_at=entry.moved_at,
        successor=entry.successor,
        valid_from=now,
        published_by=staff.actor,
        published_at=now,
    )
    return version


def _refuse_shutting_out(entry: Entry, now: datetime) -> None:
    served = served_by(entry, now=now)
    if served.shut_out:
        raise LastWayClosed(plans=served.shut_out)
    if served.not_led_on:
        raise SuccessorNotOpen(plans=served.not_led_on)


def _check(entry: Entry, after: int) -> None:
    """What can be judged without looking at any plan. Raises InvalidInput, EntryChanged."""
    known = newest_versions()
    _check_texts(entry)
    _check_times(entry)
    _check_group(entry)
    old = known.get(entry.code)
    if old is not None and not after:
        raise InvalidInput(where="code", problem="it is taken", problem_zh="这个代号已被使用")
    if (old.version if old else 0) != after:
        raise EntryChanged
    if old is not None and old.kind is not entry.kind:
        raise InvalidInput(where="kind", problem="an entry keeps its kind", problem_zh="入口的类型不能更改")
    named = entry.successor in known and entry.successor != entry.code
    if (entry.successor and not named) or (entry.moved_at is not None and not named):
        raise InvalidInput(where="successor", problem="name the entry it moves to", problem_zh="请选择迁往的入口")


def _check_texts(entry: Entry) -> None:
    for name, longest in _LONGEST.items():
        text = getattr(entry, name)
        if len(text) > longest or any(category(letter) in _NOT_TEXT for letter in text):
            raise InvalidInput(
                where=name,
                problem=f"one line of up to {longest} characters",
                problem_zh=f"请填写一行，不超过 {longest} 字",
            )
    if not _CODE.fullmatch(entry.code):
        raise InvalidInput(
            where="code",
            problem="small letters, figures and _, a letter first",
            problem_zh="请用小写字母、数字和 _，以字母开头",
        )
    for name in ("name", "howto"):
        zh, en = (getattr(entry, f"{name}_{language}").strip() for language in ("zh", "en"))
        if bool(zh) is not bool(en) or (name == "name" and not zh):
            raise InvalidInput(
                where=f"{name}_zh", problem="it is needed in both languages", problem_zh="中英文都要填写"
            )
    if not 0 <= entry.position <= LAST_POSITION:
        raise InvalidInput(where="position", problem=f"0 to {LAST_POSITION}", problem_zh=f"应为 0 至 {LAST_POSITION}")
    if entry.address and not (entry.kind in ELSEWHERE and _ADDRESSES[entry.kind].fullmatch(entry.address)):
        raise InvalidInput(
            where="address",
            problem="an https:// address of an app, a telephone number of a hotline, nothing for the others",
            problem_zh="金融 App 填 https:// 地址，热线填电话号码，其他类型留空",
        )


def _check_times(entry: Entry) -> None:
    if (entry.opens_at is None) is not (entry.closes_at is None):
        raise InvalidInput(where="opens_at", problem="both times of day or none", problem_zh="请同时填写起止时间")
    if entry.opens_on and entry.closes_on and entry.closes_on < entry.opens_on:
        raise InvalidInput(where="closes_on", problem="it ends before it begins", problem_zh="结束日期须晚于开始日期")


def _check_group(entry: Entry) -> None:
    group = entry.group
    if not 0 <= group.share_from < group.share_to <= 100:  # noqa: PLR2004  # hundredths
        raise InvalidInput(where="share", problem="0 to 100, from less to more", problem_zh="应为 0 至 100，前小后大")
    if len(group.customers) > MOST_LISTED:
        raise InvalidInput(
            where="customers", problem=f"at most {MOST_LISTED}", problem_zh=f"最多列出 {MOST_LISTED} 位客户"
        )

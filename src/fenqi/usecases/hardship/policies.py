"""The rules of help that were published: which version holds on a day, and how the next is published."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from fenqi.domain.errors import InvalidInput
from fenqi.domain.hardship.policy import HardshipPolicy, parse
from fenqi.records.models import HardshipPolicyVersion
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales.policies import PolicyFromThePast, PublishedMeanwhile
from fenqi.usecases.staff.permissions import Permission, Staff

LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedHelp:
    """One version and since when it holds."""

    version: int
    valid_from: date
    rules: HardshipPolicy
    note: str
    published_by: str
    published_at: datetime


def policy_on(day: date) -> PublishedHelp:
    """The version that holds on that day: the newest of those begun by then. One statement."""
    row = HardshipPolicyVersion.objects.filter(valid_from__lte=day, withdrawn_at=None).order_by("-version").first()
    assert row is not None, "the first version is put in by a migration and never withdrawn"
    return _published(row)


def list_versions() -> tuple[PublishedHelp, ...]:
    """Newest first."""
    return tuple(map(_published, HardshipPolicyVersion.objects.filter(withdrawn_at=None).order_by("-version")))


def publish(staff: Staff, *, numbers: Mapping[str, int], valid_from: date, note: str, now: datetime) -> PublishedHelp:
    """A new version from that day on. Raises NotPermitted, InvalidInput, HelpBelowLaw, PolicyFromThePast."""
    staff.require(Permission.EDIT_POLICIES)
    rules = parse(numbers)
    said = " ".join(note.split())[:LONGEST_NOTE]
    if not said:
        raise InvalidInput(where="note", problem="say why", problem_zh="请写明原因")
    if valid_from < clock.business_date(now):
        raise PolicyFromThePast
    try:
        with transaction.atomic():
            newest = HardshipPolicyVersion.objects.aggregate(newest=Max("version"))["newest"]
            row = HardshipPolicyVersion.objects.create(
                version=newest + 1,
                valid_from=valid_from,
                body=rules.to_mapping(),
                note=said,
                published_by=staff.actor,
                published_at=now,
            )
            audit.record(
                staff.actor,
                audit.Action.HELP_POLICY_PUBLISHED,
                subject=f"hardship_policy:{row.version}",
                reason=said,
                now=now,
            )
    except IntegrityError as other:
        raise PublishedMeanwhile from other
    return _published(row)


def _published(row: HardshipPolicyVersion) -> PublishedHelp:
    return PublishedHelp(
        version=row.version,
        valid_from=row.valid_from,
        rules=parse(row.body),
        note=row.note,
        published_by=row.published_by,
        published_at=row.published_at,
    )

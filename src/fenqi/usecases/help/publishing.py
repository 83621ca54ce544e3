"""Announcements and help pages: written by one member of staff, published by another, never changed after that."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction
from django.db.models import Max

from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.domain.help.markup import BlockKind, parse
from fenqi.records.identifiers import new_id
from fenqi.records.models import PublishedText, TextKind
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales.policies import version_of
from fenqi.usecases.help.texts import GUIDES, TextView, guide_history, text_of
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.threads import plain_words

LONGEST_TITLE, LONGEST_TEXT, LONGEST_CHANGE = 120, 20_000, 200
PRINTED = "title_zh", "title_en", "text_zh", "text_en", "change_zh", "change_en"


class SecondPersonNeeded(FenqiError):
    """Who wrote it does not publish it."""

    code = "text_needs_second_person"
    status = 409
    zh = "自己写的内容要由另一位同事发布。"
    en = "What you wrote yourself is published by a colleague."


class AlreadyOut(FenqiError):
    """It was published already, so it never changes."""

    code = "text_already_out"
    status = 409
    zh = "这个版本已经发布，不能再改。需要修改请写新版本，或撤回。"
    en = "This version is out and never changes: write a new one, or withdraw it."


class TextFromThePast(FenqiError):
    """A text would have held before anybody could read it."""

    code = "text_from_the_past"
    status = 422
    zh = "生效日期不能早于今天；横幅最后一天不能早于生效日。"
    en = "It cannot hold from before today, nor its banner end before it begins."


class WrittenMeanwhile(FenqiError):
    """A colleague wrote a version of the same text at the same moment."""

    code = "text_written_meanwhile"
    status = 409
    zh = "同事刚刚写了同一内容的新版本，没有保存。请核对后再试。"
    en = "A colleague just wrote a version of the same text, so nothing was kept. Look at it and try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDraft:
    """A version to be published. `policy_code` and `policy_version` name the published rule that it tells of."""

    kind: TextKind
    code: str
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    change_zh: str = ""
    change_en: str = ""
    valid_from: date
    banner_until: date | None = None
    policy_code: str = ""
    policy_version: int | None = None


def write(staff: Staff, draft: TextDraft, *, now: datetime) -> UUID:
    """Keep a draft, which waits for a second person. Raises NotPermitted, InvalidInput, TextFromThePast, NotFound."""
    staff.require(Permission.WRITE_TEXTS)
    _check(draft, today=clock.business_date(now))
    try:
        with transaction.atomic():
            row = PublishedText.objects.create(
                id=new_id(),
                kind=draft.kind,
                code=draft.code,
                version=_next_version(draft),
                **{name: getattr(draft, name) for name in PRINTED},
                valid_from=draft.valid_from,
                banner_until=draft.banner_until,
                policy_code=draft.policy_code,
                policy_version=draft.policy_version,
                written_by=staff.actor,
                written_at=now,
                published_by="",
            )
            _record(staff, audit.Action.TEXT_WRITTEN, row, now=now)
    except IntegrityError:
        raise WrittenMeanwhile from None
    return row.id


def publish(staff: Staff, text_id: UUID, *, now: datetime) -> TextView:
    """The second person's word; again changes nothing.

    Raises NotPermitted, NotFound, SecondPersonNeeded, TextFromThePast.
    """
    staff.require(Permission.PUBLISH_TEXTS)
    with transaction.atomic():
        row = _locked(text_id)
        if row.published_at is None:
            if row.written_by == staff.actor:
                raise SecondPersonNeeded
            if row.valid_from < clock.business_date(now):
                raise TextFromThePast(where="valid_from")
            row.published_by, row.published_at = staff.actor, now
            row.save(update_fields=["published_by", "published_at"])
            _record(staff, audit.Action.TEXT_PUBLISHED, row, now=now)
    return text_of(text_id)


def drop(staff: Staff, text_id: UUID, *, now: datetime) -> None:
    """A draft goes away. Raises NotPermitted, NotFound, AlreadyOut."""
    staff.require(Permission.WRITE_TEXTS)
    with transaction.atomic():
        row = _locked(text_id)
        if row.published_at is not None:
            raise AlreadyOut
        _record(staff, audit.Action.TEXT_DROPPED, row, now=now)
        row.delete()


def withdraw(staff: Staff, text_id: UUID, *, now: datetime) -> None:
    """It stands no more; its address goes on to show it as withdrawn. Raises NotPermitted, NotFound."""
    staff.require(Permission.PUBLISH_TEXTS)
    with transaction.atomic():
        row = _locked(text_id)
        if row.published_at is None:
            raise NotFound
        if row.withdrawn_at is None:
            row.withdrawn_at = now
            row.save(update_fields=["withdrawn_at"])
            _record(staff, audit.Action.TEXT_WITHDRAWN, row, now=now)


def _locked(text_id: UUID) -> PublishedText:
    row = PublishedText.objects.select_for_update().filter(id=text_id).first()
    if row is None:
        raise NotFound
    return row


def _next_version(draft: TextDraft) -> int:
    rows = PublishedText.objects.filter(kind=draft.kind, code=draft.code)
    latest = rows.aggregate(latest=Max("version"))["latest"] or 0
    if draft.kind == TextKind.GUIDE:
        latest = max([latest, *(one.version for one in guide_history(draft.code))])
    return latest + 1


def _check(draft: TextDraft, *, today: date) -> None:
    try:
        validate_slug(draft.code)
    except ValidationError:
        raise InvalidInput(
            where="code", problem="letters, digits and dashes only", problem_zh="只能用字母、数字和短横线"
        ) from None
    if draft.kind == TextKind.GUIDE and draft.code not in GUIDES:
        raise InvalidInput(where="code", problem="no such help page", problem_zh="没有这个帮助页")
    if draft.valid_from < today or (draft.banner_until and draft.banner_until < draft.valid_from):
        raise TextFromThePast(where="valid_from")
    most = {"title": LONGEST_TITLE, "text": LONGEST_TEXT, "change": LONGEST_CHANGE}
    for name in PRINTED:
        value, longest = getattr(draft, name), most[name.partition("_")[0]]
        least = 0 if name.startswith("change") else 1
        if not least <= len(value) <= longest or plain_words(value) != value:
            raise InvalidInput(
                where=name,
                problem=f"between {least} and {longest} characters of plain text",
                problem_zh=f"要有 {least} 到 {longest} 个字的纯文字",
            )
    _same_living(draft)
    if draft.policy_code:
        version_of(draft.policy_code, draft.policy_version or 0)


def _same_living(draft: TextDraft) -> None:
    """Both languages show the same living blocks. Raises InvalidInput, also for links that lead nowhere."""
    zh, en = (
        sorted(block.name for block in parse(text) if block.kind is BlockKind.LIVING)
        for text in (draft.text_zh, draft.text_en)
    )
    if zh != en:
        raise InvalidInput(
            where="text_en",
            problem="both languages must show the same living blocks",
            problem_zh="中英文要有相同的实时内容块",
        )


def _record(staff: Staff, action: audit.Action, row: PublishedText, *, now: datetime) -> None:
    audit.record(staff.actor, action, subject=f"{row.kind}:{row.code}:{row.version}", now=now)

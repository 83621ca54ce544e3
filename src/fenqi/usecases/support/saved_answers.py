"""Answers that agents give often: versions in both languages, with gaps that the ticket's story fills."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction
from django.db.models import Max

from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.domain.support.saved_words import fill, unknown_gaps
from fenqi.records.identifiers import new_id
from fenqi.records.models import SavedAnswer
from fenqi.usecases import audit
from fenqi.usecases.notices.sending import written_amount
from fenqi.usecases.notices.templates import language_of
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.service_desk import service_desk
from fenqi.usecases.support.threads import ThreadView, names_of, plain_words

LONGEST_CODE, LONGEST_TITLE, LONGEST_TEXT = 64, 120, 1000


class PublishedAtOnce(FenqiError):
    """A colleague published a version of the same answer at the same moment."""

    code = "answer_published_meanwhile"
    status = 409
    zh = "同事刚刚发布了同一条回复的新版本，没有保存。请核对后再试。"
    en = "A colleague just published a version of this answer, so nothing was kept. Look at it and try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedAnswerView:
    """The newest version of a saved answer that stands, or an older one in its history."""

    code: str
    version: int
    topic: str
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    published_by: str
    published_at: datetime
    withdrawn_at: datetime | None

    def title(self, language: str) -> str:
        return self.title_zh if language.startswith("zh") else self.title_en

    def text(self, language: str) -> str:
        return self.text_zh if language.startswith("zh") else self.text_en


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDraft:
    code: str
    topic: str = ""
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str


def standing_answers(*, topic: str = "") -> tuple[SavedAnswerView, ...]:
    """The newest version of each that is not withdrawn; those for the topic first."""
    newest: dict[str, SavedAnswer] = {}
    for row in SavedAnswer.objects.order_by("code", "version"):
        newest[row.code] = row
    standing = [row for row in newest.values() if row.withdrawn_at is None]
    standing.sort(key=lambda row: (row.topic != topic or not topic, bool(row.topic), row.code))
    return _views(standing)


def versions(code: str | None = None) -> tuple[SavedAnswerView, ...]:
    """Every version (of one answer), by code, the newest first."""
    rows = SavedAnswer.objects.order_by("code", "-version")
    return _views(list(rows.filter(code=code) if code else rows))


def filled(code: str, thread: ThreadView, *, now: datetime) -> str:
    """The standing version in the customer's language, its gaps filled from the ticket. Raises NotFound."""
    found = next((one for one in standing_answers() if one.code == code), None)
    if found is None:
        raise NotFound
    return fill(found.text(thread.language), known_of(thread, now=now))


def known_of(thread: ThreadView, *, now: datetime) -> dict[str, str]:
    """What the ticket's story knows, in the customer's language."""
    language = language_of(thread.language)
    parts = {name: thread.story.get(name) or {} for name in ("order", "plan", "payment", "case")}
    order, plan, payment, case = parts.values()
    desk = service_desk(now)

    def sum_of(part: dict[str, object], key: str) -> str:
        minor, currency = part.get(key), part.get("currency")
        return written_amount(minor, str(currency), language) if isinstance(minor, int) else ""

    return {
        "title": str(plan.get("title") or order.get("title") or ""),
        "order_no": str(plan.get("order_no") or order.get("order_no") or ""),
        "amount": sum_of(payment, "amount_minor"),
        "left": sum_of(plan, "outstanding_minor"),
        "case_no": str(case.get("case_no") or ""),
        "ticket_no": thread.spoken_no,
        "hotline": desk.hotline,
        "hours": desk.hours,
    }


def publish_answer(staff: Staff, draft: AnswerDraft, *, now: datetime) -> SavedAnswerView:
    """A new version, which stands at once. Raises NotPermitted, InvalidInput, PublishedAtOnce."""
    staff.require(Permission.EDIT_SAVED_ANSWERS)
    _check(draft)
    latest = SavedAnswer.objects.filter(code=draft.code).aggregate(latest=Max("version"))["latest"] or 0
    try:
        with transaction.atomic():
            row = SavedAnswer.objects.create(
                id=new_id(),
                code=draft.code,
                version=latest + 1,
                topic=draft.topic,
                title_zh=draft.title_zh,
                title_en=draft.title_en,
                text_zh=draft.text_zh,
                text_en=draft.text_en,
                published_by=staff.actor,
                published_at=now,
            )
            subject = f"saved_answer:{row.code}:{row.version}"
            audit.record(staff.actor, audit.Action.SAVED_ANSWER_PUBLISHED, subject=subject, now=now)
    except IntegrityError:
        raise PublishedAtOnce from None
    return _views([row])[0]


def withdraw_answer(staff: Staff, code: str, *, now: datetime) -> None:
    """It is offered no more; its versions stay on record. Raises NotPermitted, NotFound."""
    staff.require(Permission.EDIT_SAVED_ANSWERS)
    with transaction.atomic():
        rows = list(SavedAnswer.objects.select_for_update().filter(code=code).order_by("-version"))
        if not rows:
            raise NotFound
        if rows[0].withdrawn_at is not None:
            return
        rows[0].withdrawn_at = now
        rows[0].save(update_fields=["withdrawn_at"])
        subject = f"saved_answer:{code}:{rows[0].version}"
        audit.record(staff.actor, audit.Action.SAVED_ANSWER_WITHDRAWN, subject=subject, now=now)


def _check(draft: AnswerDraft) -> None:
    try:
        validate_slug(draft.code)
    except ValidationError:
        raise InvalidInput(
            where="code", problem="letters, digits and dashes only", problem_zh="只能用字母、数字和短横线"
        ) from None
    most = {"code": LONGEST_CODE, "title_zh": LONGEST_TITLE, "title_en": LONGEST_TITLE}
    for where in ("code", "title_zh", "title_en", "text_zh", "text_en"):
        value, longest = getattr(draft, where), most.get(where, LONGEST_TEXT)
        if not 0 < len(value) <= longest or plain_words(value) != value:
            raise InvalidInput(
                where=where,
                problem=f"between 1 and {longest} characters of plain text",
                problem_zh=f"要有 1 到 {longest} 个字的纯文字",
            )
    if wrong := unknown_gaps(draft.text_zh) + unknown_gaps(draft.text_en):
        raise InvalidInput(
            where="text_zh", problem=f"nothing fills {{{wrong[0]}}}", problem_zh=f"没有内容可填入 {{{wrong[0]}}}"
        )


def _views(rows: list[SavedAnswer]) -> tuple[SavedAnswerView, ...]:
    names = names_of({row.published_by for row in rows})
    return tuple(
        SavedAnswerView(
            code=row.code,
            version=row.version,
            topic=row.topic,
            title_zh=row.title_zh,
            title_en=row.title_en,
            text_zh=row.text_zh,
            text_en=row.text_en,
            published_by=names.get(row.published_by, row.published_by),
            published_at=row.published_at,
            withdrawn_at=row.withdrawn_at,
        )
        for row in rows
    )

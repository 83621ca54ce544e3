"""The words of messages: drafted by one member of staff, published by another, and never changed afterwards."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from fenqi.channels.email import Mail, MailOutcome
from fenqi.channels.sms import SmsOutcome
from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.records import personal
from fenqi.records.models import NoticeTemplate, TemplateState
from fenqi.usecases import audit
from fenqi.usecases.notices.providers import send_code
from fenqi.usecases.notices.templates import TEXTS, Message, approvable, title_of
from fenqi.usecases.notices.wording import (
    BUILT_IN,
    MAIL,
    SMS,
    Wording,
    built_in,
    code_at,
    filled,
    variables_in,
    wording,
)
from fenqi.usecases.rails import mail as mailer
from fenqi.usecases.rails import text_messages
from fenqi.usecases.staff.permissions import Permission, Staff

LONGEST_SMS, LONGEST_MAIL, LONGEST_TITLE = 300, 2000, 60
LANGUAGES, KINDS = ("zh", "en"), (SMS, MAIL)
_VARIABLE_LIKE = re.compile(r"\$\{?\w*\}?")
_ADDRESS_LIKE = re.compile(r"(https?:|www\.|[a-z0-9-]+\.(com|cn|net|org|top|xyz)\b)", re.IGNORECASE)
_SAMPLES: Mapping[str, tuple[str, str]] = {
    "amount": ("384.04 元", "CNY 384.04"),
    "title": ("青屿 X2 手机", "Qingyu X2 phone"),
    "by": ("2026-12-01", "2026-12-01"),
    "on": ("12月1日 08:00", "1 Dec 08:00"),
    "left": ("1,920.20 元", "CNY 1,920.20"),
    "code": ("AZOhS1Lm7XqvD4cR0sUe2ZkXCdsl8GpnQw", "AZOhS1Lm7XqvD4cR0sUe2ZkXCdsl8GpnQw"),
    "account": ("支付宝", "Alipay"),
    "next": ("12月1日 08:00", "1 Dec 08:00"),
    "reason": ("余额不足", "not enough balance"),
    "number": ("AS20261123000017", "AS20261123000017"),
    "limit": ("500.00 元", "CNY 500.00"),
    "route": ("退回支付宝", "back to Alipay"),
    "latest": ("2026-12-08", "2026-12-08"),
    "note": ("请拍一张背面的照片。", "Please add a picture of the back."),
    "lender": ("青荣", "Qingrong"),
    "before": ("1,000.00 元", "CNY 1,000.00"),
    "tracking": ("SF0000000001", "SF0000000001"),
    "at": ("2026-12-01", "2026-12-01"),
}


class OwnDraft(FenqiError):
    """Two people: who wrote the words does not publish them."""

    code = "own_draft"
    status = 403
    zh = "这是你自己起草的，要由另一位同事发布。"
    en = "You drafted this yourself: a colleague has to publish it."


class NotADraft(FenqiError):
    code = "not_a_draft"
    status = 409
    zh = "这个版本已经发布或撤回，不能再改。请起草新版本。"
    en = "This version is published or taken back and does not change any more. Draft a new one."


class NoSandbox(FenqiError):
    code = "no_sandbox"
    status = 409
    zh = "试发只在沙箱里可用：真实的短信服务不发没审核过的文字。"
    en = "Messages can be tried in the sandbox only: a real service sends no text that it has not approved."


class NotTaken(FenqiError):
    code = "trial_not_taken"
    status = 503
    zh = "试发没有成功，请看沙箱控制台是否安排了故障。"
    en = "The trial was not taken. See whether a fault is ordered on the sandbox's control page."


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateView:
    """`template_id` is None for the words that the program comes with."""

    template_id: UUID | None
    message: str
    language: str
    kind: str
    version: int
    title: str
    text: str
    state: str
    author: str
    published_by: str
    valid_from: datetime | None
    approved_as: Mapping[str, str]
    preview_title: str
    preview: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """One message in the list: the versions in force, and how many drafts wait."""

    message: str
    title_zh: str
    title_en: str
    versions: Mapping[str, int]
    drafts: int


def list_messages(*, now: datetime) -> list[MessageLine]:
    drafts: dict[str, int] = {}
    for message in NoticeTemplate.objects.filter(state=TemplateState.DRAFT).values_list("message", flat=True):
        drafts[message] = drafts.get(message, 0) + 1
    rows = NoticeTemplate.objects.filter(state=TemplateState.PUBLISHED, valid_from__lte=now)
    newest = {
        (message, language, kind): version
        for message, language, kind, version in rows.values_list("message", "language", "kind").annotate(
            version=Max("version")
        )
    }
    return [
        MessageLine(
            message=message.value,
            title_zh=title_of(message, "zh"),
            title_en=title_of(message, "en"),
            versions={
                f"{kind}_{language}": newest.get((message.value, language, kind), BUILT_IN)
                for kind in KINDS
                for language in LANGUAGES
            },
            drafts=drafts.get(message.value, 0),
        )
        for message in Message
    ]


def versions_of(message: str) -> list[TemplateView]:
    """Every version of its words, the newest first, and those that the program comes with. Raises NotFound."""
    known = _message(message)
    rows = NoticeTemplate.objects.filter(message=known.value).order_by("kind", "language", "-version")
    views = [_view(row) for row in rows]
    return views + [_built_in_view(known, language, kind) for kind in KINDS for language in LANGUAGES]


def draft(staff: Staff, message: str, *, language: str, kind: str, title: str, text: str, now: datetime) -> UUID:
    """Keep new words, which nobody is sent yet. Raises NotPermitted, NotFound, InvalidInput."""
    staff.require(Permission.EDIT_NOTICE_TEMPLATES)
    known = _message(message)
    if language not in LANGUAGES or kind not in KINDS:
        raise NotFound
    title, text = " ".join(title.split()), text.strip().replace("\r\n", "\n")
    check_words(known, language, kind, title, text)
    with transaction.atomic():
        same = NoticeTemplate.objects.filter(message=known.value, language=language, kind=kind)
        newest = same.aggregate(newest=Max("version"))["newest"] or BUILT_IN
        row = NoticeTemplate.objects.create(
            message=known.value,
            language=language,
            kind=kind,
            version=newest + 1,
            title=title if kind == MAIL else "",
            text=text,
            state=TemplateState.DRAFT,
            author=staff.actor,
            created_at=now,
        )
        _put_on_record(staff, audit.Action.NOTICE_TEMPLATE_DRAFTED, row, now=now)
    return row.id


def publish(staff: Staff, template_id: UUID, *, now: datetime) -> None:
    """Have a text message's words approved at every service, then put the version in force.

    Raises NotPermitted, NotFound, NotADraft, OwnDraft, SmsUnavailable.
    """
    staff.require(Permission.EDIT_NOTICE_TEMPLATES)
    row = _draft_row(template_id)
    if row.author == staff.actor:
        raise OwnDraft
    approved: dict[str, str] = {}
    if row.kind == SMS:
        name = f"{row.message}_{row.language}_v{row.version}"
        approved = {one.name: one.submit(name=name, text=approvable(row.text)) for one in text_messages()}
    with transaction.atomic():
        done = NoticeTemplate.objects.filter(id=row.id, state=TemplateState.DRAFT).update(
            state=TemplateState.PUBLISHED,
            published_by=staff.actor,
            published_at=now,
            valid_from=now,
            approved_as=approved,
        )
        if not done:
            raise NotADraft
        _put_on_record(staff, audit.Action.NOTICE_TEMPLATE_PUBLISHED, row, now=now)


def withdraw(staff: Staff, template_id: UUID, *, now: datetime) -> None:
    """Take a version back: the one before it is in force again. Raises NotPermitted, NotFound, NotADraft."""
    staff.require(Permission.EDIT_NOTICE_TEMPLATES)
    row = NoticeTemplate.objects.filter(id=template_id).first()
    if row is None:
        raise NotFound
    if row.state == TemplateState.WITHDRAWN:
        raise NotADraft
    with transaction.atomic():
        if row.state == TemplateState.DRAFT:
            NoticeTemplate.objects.filter(id=row.id, state=TemplateState.DRAFT).delete()
        else:
            NoticeTemplate.objects.filter(id=row.id).update(state=TemplateState.WITHDRAWN)
        _put_on_record(staff, audit.Action.NOTICE_TEMPLATE_WITHDRAWN, row, now=now)


def try_out(staff: Staff, message: str, *, language: str, kind: str, to: str, now: datetime) -> None:
    """Send the words in force, with sample values, to a phone or a mailbox of the sandbox.

    Raises NotPermitted, NotFound, NoSandbox, InvalidInput, NotTaken.
    """
    staff.require(Permission.EDIT_NOTICE_TEMPLATES)
    if not settings.FENQI_SANDBOX_URL:
        raise NoSandbox
    known = _message(message)
    if language not in LANGUAGES or kind not in KINDS:
        raise NotFound
    words = wording(known, language, kind, at=now)
    params = sample_params(words.text, language)
    taken = _texted(known, language, words, params, to, now=now) if kind == SMS else _mailed(words, params, to)
    audit.record(
        staff.actor, audit.Action.NOTICE_TEMPLATE_TRIED, subject=f"notice_template:{known.value}:{language}", now=now
    )
    if not taken:
        raise NotTaken


def check_words(message: Message, language: str, kind: str, title: str, text: str) -> None:
    """Raises InvalidInput, which says what is wrong: variables that nobody fills, addresses that are not ours."""
    longest = LONGEST_SMS if kind == SMS else LONGEST_MAIL
    if not text or len(text) > longest:
        raise _wrong("text", f"it takes 1 to {longest} characters", f"须为 1 至 {longest} 个字")
    if kind == MAIL and not 1 <= len(title) <= LONGEST_TITLE:
        raise _wrong("title", f"it takes 1 to {LONGEST_TITLE} characters", f"须为 1 至 {LONGEST_TITLE} 个字")
    given = variables_in(TEXTS[message, language]) | {"portal"}
    for found in _VARIABLE_LIKE.findall(title + text):
        if not (found.startswith("${") and found.endswith("}") and found[2:-1] in given):
            named = "、".join(f"${{{name}}}" for name in sorted(given))
            raise _wrong(
                "text",
                f"{found} is no variable of this message; there are {named}",
                f"{found} 不是变量，可用的有 {named}",
            )
    if _ADDRESS_LIKE.search(text.replace("${portal}", "")):
        raise _wrong(
            "text",
            "the only address allowed is ${portal}: it stands for ours, and services refuse others",
            "只能用 ${portal} 表示我们自己的网址，短信服务不接受其他网址",
        )


def sample_params(text: str, language: str) -> dict[str, str]:
    """Values to preview a text with."""
    at = 0 if language == "zh" else 1
    return {name: _SAMPLES.get(name, (name, name))[at] for name in variables_in(text)}


def _wrong(where: str, problem: str, problem_zh: str) -> InvalidInput:
    return InvalidInput(where=where, problem=problem, problem_zh=problem_zh)


def _texted(message: Message, language: str, words: Wording, params: dict[str, str], to: str, *, now: datetime) -> bool:
    phone = personal.normal_phone(to)
    if phone is None:
        raise _wrong("to", "a phone number is needed", "请填手机号")
    code = code_at(text_messages()[0].name, words, message, language)
    receipt = send_code(phone=phone, template_code=code, params=params, out_id=f"trial-{uuid4().hex}", now=now)
    return receipt.outcome is SmsOutcome.ACCEPTED


def _mailed(words: Wording, params: dict[str, str], to: str) -> bool:
    service = mailer()
    if "@" not in to or service is None:
        raise _wrong("to", "an e-mail address is needed", "请填邮箱地址")
    text = filled(words.text, params)
    mail = Mail(
        to=to.strip(),
        subject=filled(words.title, params),
        text=text,
        html="",
        message_id=f"<trial-{uuid4().hex}@fenqi>",
    )
    return service.send(mail).outcome is MailOutcome.ACCEPTED


def _message(text: str) -> Message:
    try:
        return Message(text)
    except ValueError:
        raise NotFound from None


def _draft_row(template_id: UUID) -> NoticeTemplate:
    row = NoticeTemplate.objects.filter(id=template_id).first()
    if row is None:
        raise NotFound
    if row.state != TemplateState.DRAFT:
        raise NotADraft
    return row


def _put_on_record(staff: Staff, action: audit.Action, row: NoticeTemplate, *, now: datetime) -> None:
    audit.record(
        staff.actor,
        action,
        subject=f"notice_template:{row.message}:{row.language}:{row.kind}:{row.version}",
        now=now,
    )


def _view(row: NoticeTemplate) -> TemplateView:
    names = audit.names_of([row.author, row.published_by])
    params = sample_params(row.title + row.text, row.language)
    return TemplateView(
        template_id=row.id,
        message=row.message,
        language=row.language,
        kind=row.kind,
        version=row.version,
        title=row.title,
        text=row.text,
        state=row.state,
        author=names.get(row.author, row.author),
        published_by=names.get(row.published_by, row.published_by),
        valid_from=row.valid_from,
        approved_as=row.approved_as,
        preview_title=filled(row.title, params),
        preview=filled(row.text, params),
    )


def _built_in_view(message: Message, language: str, kind: str) -> TemplateView:
    words = built_in(message, language, kind)
    params = sample_params(words.text, language)
    return TemplateView(
        template_id=None,
        message=message.value,
        language=language,
        kind=kind,
        version=words.version,
        title=words.title if kind == MAIL else "",
        text=words.text,
        state=TemplateState.PUBLISHED,
        author="",
        published_by="",
        valid_from=None,
        approved_as={},
        preview_title=words.title if kind == MAIL else "",
        preview=filled(words.text, params),
    )

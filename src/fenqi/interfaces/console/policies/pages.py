"""All versions of all policies; a draft that is previewed, corrected and published; a version that is taken back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.aftersales.policies import NAME, Subject, policy_code
from fenqi.domain.aftersales.sentences import sentences
from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import Column, Kind, lists_page, read_listing
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.console.policies import fields
from fenqi.records.models import SalesChannel
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales.policies import (
    PolicyDraft,
    PolicyStanding,
    PublishedPolicy,
    all_versions,
    publish,
    standing_of,
    version_of,
    withdraw,
)
from fenqi.usecases.aftersales.preview import PolicyPreview, preview
from fenqi.usecases.staff.permissions import Permission, Staff

_BEGINNING = date(2000, 1, 1)
"""What rules from before then rules everything."""
_STANDING = (PolicyStanding.RULES, PolicyStanding.AHEAD, PolicyStanding.REPLACED)
_TONES = {
    PolicyStanding.RULES: "paid",
    PolicyStanding.AHEAD: "due",
    PolicyStanding.REPLACED: "neutral",
    PolicyStanding.OVER: "cancelled",
    PolicyStanding.WITHDRAWN: "cancelled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version in the list. `may_withdraw`: it rules something, or will, and is not the last that there is."""

    policy: PublishedPolicy
    subject: str
    title: str
    standing: str
    tone: str
    published_by: str
    may_withdraw: bool

    @property
    def first_day(self) -> date | None:
        """None: from the beginning."""
        return None if self.policy.valid_from < _BEGINNING else self.policy.valid_from


VERSIONS: Final[Sequence[Column[VersionRow]]] = (
    Column(key="subject", title=_lazy("Kind"), value=lambda row: row.subject, has_choices=True),
    Column(key="for", title=_lazy("What it holds for"), value=lambda row: row.title, has_choices=True),
    Column(key="code", title=_lazy("Short name"), value=lambda row: row.policy.code, is_shown=False),
    Column(key="version", title=_lazy("Version"), value=lambda row: row.policy.version, kind=Kind.NUMBER),
    Column(key="standing", title=_lazy("Standing"), value=lambda row: row.standing, has_choices=True),
    Column(key="from", title=_lazy("For orders from"), value=lambda row: row.first_day, kind=Kind.DAY),
    Column(key="until", title=_lazy("until"), value=lambda row: row.policy.ruled_until, kind=Kind.DAY),
    Column(key="published", title=_lazy("Published"), value=lambda row: row.policy.published_at, kind=Kind.MOMENT),
    Column(key="by", title=_lazy("Published by"), value=lambda row: row.published_by),
)


@require_safe
@staff_page(Permission.SEE_POLICIES)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """What customers read of the newest version of each policy, by subject; and every version."""
    versions = sorted(all_versions(), key=lambda one: (list(Subject).index(one.subject), *_general_first(one.code)))
    newest: dict[str, PublishedPolicy] = {}
    for one in versions:
        newest.setdefault(one.code, one)
    listing = read_listing(request, name="policies", columns=VERSIONS, rows=list(_rows(versions)), part="versions")
    language = get_language() or "zh-hans"
    context = {
        "place": "policies",
        "subjects": [
            (
                subject,
                subject_named(subject),
                [(one, title_of(one), one.summary(language)) for one in newest.values() if one.subject is subject],
            )
            for subject in Subject
        ],
    }
    return lists_page(request, staff, "policies/list.html", {"listing": listing}, context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.EDIT_POLICIES)
def draft(request: HttpRequest, staff: Staff, subject: str) -> HttpResponse:
    """A form with the version that is followed (`?follow=code&version=n`), then its preview, then it is published."""
    about = _subject(subject)
    if request.method != "POST":
        return _form(request, about, _followed(request.GET), problem="")
    try:
        drafted = _drafted(about, request.POST)
        if "publish" not in request.POST:
            return _form(request, about, request.POST, problem="", seen=preview(staff, drafted, now=clock.now()))
        published = publish(staff, drafted, now=clock.now())
    except FenqiError as refusal:
        return _form(request, about, request.POST, problem=_told(about, refusal), status=refusal.status)
    messages.success(
        request,
        _("Published: %(name)s, version %(version)s") % {"name": title_of(published), "version": published.version},
    )
    return redirect("console:policies")


@require_POST
@staff_page(Permission.EDIT_POLICIES)
def take_back(request: HttpRequest, staff: Staff) -> HttpResponse:
    withdraw(staff, request.POST.get("code", ""), _version_number(request.POST.get("version", "")), now=clock.now())
    return redirect("console:policies")


# The list ------------------------------------------------------------------------------------------------------------


def _general_first(code: str) -> tuple[bool, str]:
    return not code.endswith(".default"), code


def _rows(versions: Sequence[PublishedPolicy]) -> Iterator[VersionRow]:
    names = audit.names_of(one.published_by for one in versions)
    today = clock.business_date(clock.now())
    for policy in versions:
        same = [one for one in versions if one.code == policy.code]
        standing = standing_of(policy, same, today=today)
        is_for_all = policy.code == policy_code(policy.subject)
        others = [one for one in same if one is not policy and one.withdrawn_at is None]
        yield VersionRow(
            policy=policy,
            subject=subject_named(policy.subject),
            title=title_of(policy),
            standing=_standing_named(standing),
            tone=_TONES[standing],
            published_by=names.get(policy.published_by, "") or _("with the software"),
            may_withdraw=standing in _STANDING and (bool(others) or not is_for_all),
        )


def subject_named(subject: Subject) -> str:
    return _("Returns, refunds, exchanges") if subject is Subject.RETURN else _("Price protection")


def title_of(policy: PublishedPolicy | PolicyDraft) -> str:
    """What goods it holds for."""
    if policy.sku:
        return _("Product %(name)s") % {"name": policy.sku}
    if policy.category:
        return _("Category %(name)s") % {"name": policy.category}
    if policy.sales_channel:
        return _("Sales channel: %(name)s") % {"name": channel_named(policy.sales_channel)}
    return _("All goods")


def channel_named(sales_channel: str) -> str:
    names = {SalesChannel.OFFICIAL: _("our own shop"), SalesChannel.PARTNER: _("partner's platform")}
    return names[SalesChannel(sales_channel)]


def _standing_named(standing: PolicyStanding) -> str:
    names = {
        PolicyStanding.RULES: _("Rules now"),
        PolicyStanding.AHEAD: _("Begins later"),
        PolicyStanding.REPLACED: _("Replaced"),
        PolicyStanding.OVER: _("Over"),
        PolicyStanding.WITHDRAWN: _("Withdrawn"),
    }
    return names[standing]


# The form ------------------------------------------------------------------------------------------------------------


def _subject(name: str) -> Subject:
    if name not in set(Subject):
        raise NotFound
    return Subject(name)


def _followed(asked: QueryDict) -> PublishedPolicy | None:
    """The version that the draft begins with."""
    code, version = asked.get("follow", ""), asked.get("version", "")
    if not code:
        return None
    return version_of(code, _version_number(version))


def _version_number(typed: str) -> int:
    """Raises NotFound for what is none."""
    if not typed.isascii() or not typed.isdigit() or len(typed) > fields.MOST_DIGITS:
        raise NotFound
    return int(typed)


def _drafted(subject: Subject, said: QueryDict) -> PolicyDraft:
    """Raises InvalidInput for days that are none."""
    return PolicyDraft(
        subject=subject,
        sku=said.get("sku", "").strip(),
        category=said.get("category", "").strip(),
        sales_channel=said.get("sales_channel", ""),
        valid_from=_day(said, "valid_from") or clock.business_date(clock.now()),
        valid_until=_day(said, "valid_until"),
        body=fields.entered(subject, said),
    )


def _day(said: QueryDict, name: str) -> date | None:
    text = said.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput(where=name, problem="no such day", problem_zh="没有这一天") from None


def _form(
    request: HttpRequest,
    subject: Subject,
    begun: PublishedPolicy | QueryDict | None,
    *,
    problem: str,
    seen: PolicyPreview | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form as it was entered, or as the followed version is, or as the defaults are."""
    if isinstance(begun, QueryDict):
        head = {name: begun.get(name, "") for name in ("sku", "category", "sales_channel", "valid_from", "valid_until")}
        body = fields.entered(subject, begun)
    else:
        head = {name: getattr(begun, name, "") for name in ("sku", "category", "sales_channel")}
        head["valid_from"] = clock.business_date(clock.now()).isoformat()
        body = begun.rules.to_mapping() if begun else fields.default_body(subject)
    context = {
        "place": "policies",
        "subject": subject,
        "subject_name": subject_named(subject),
        "head": head,
        "sections": fields.shown(subject, body),
        "sales_channels": [(channel, channel_named(channel)) for channel in SalesChannel.values],
        "problems": [problem] if problem else [],
        "seen": _seen(subject, seen) if seen else None,
    }
    return render_page(request, "policies/draft.html", context, status=status)


def _told(subject: Subject, refusal: FenqiError) -> str:
    """The refusal with the form's own name of the field instead of its path."""
    language = get_language() or "zh-hans"
    problem = refusal.details.get("problem_zh" if language.startswith("zh") else "problem")
    if refusal.where is None or problem is None:
        return refusal.text(language)
    return (
        f"{_head_named(refusal.where) or fields.label_of(subject, refusal.where.removeprefix(f'{NAME}.'))}: {problem}"
    )


def _head_named(where: str) -> str:
    names = {
        "narrowed": _("What it holds for"),
        "sku": _("Product (SKU)"),
        "category": _("Category"),
        "sales_channel": _("Sales channel"),
        "valid_from": _("First day"),
        "valid_until": _("Last day"),
    }
    return names.get(where, "")


# The preview ---------------------------------------------------------------------------------------------------------


def _seen(subject: Subject, seen: PolicyPreview) -> dict[str, Any]:
    """What the page shows of a preview."""
    zh = (get_language() or "zh-hans").startswith("zh")
    return {
        "preview": seen,
        "title": title_of(seen.draft),
        "changes": [change for one in seen.changes for change in fields.changes(subject, one)],
        "sentences": sentences(seen.rules),
        "examples": [
            (one, words.CASE_KINDS[one.kind], words.CASE_REASONS[one.reason], *_both(one.before, one.after, zh=zh))
            for one in seen.cases.examples
        ],
        "days": [count.day for count in seen.wishes[0].days] if seen.wishes else [],
        "wishes": [
            (words.CASE_KINDS[one.kind.value], words.CASE_REASONS[one.reason.value], one.days) for one in seen.wishes
        ],
    }


def _both(before: Any, after: Any, *, zh: bool) -> tuple[str, str]:
    return (before.zh, after.zh) if zh else (before.en, after.en)

"""Where to repay a plan now: its permanent address, links from messages, and the page of an entry that is closed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Final
from uuid import UUID

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from fenqi.domain.entries import Entry, EntryKind, EntryState, Reason, Way
from fenqi.domain.entries.sentences import moment, why
from fenqi.domain.errors import NotFound
from fenqi.interfaces.portal.access import customer_of, customer_page, sign_in_address
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock
from fenqi.usecases.entries.guard import open_entry
from fenqi.usecases.entries.links import (
    Link,
    LinkState,
    link_code,
    permanent_address,
    plan_code,
    plan_of_code,
    read_link,
)
from fenqi.usecases.entries.planned import PlannedChange, planned_changes
from fenqi.usecases.entries.routing import Route, route, routes

SESSION_KEY: Final = "repay_by_link"
MOST_REMEMBERED: Final = 20
ICONS: Final = {
    EntryKind.MALL_PAGE: "shopping-bag",
    EntryKind.FINANCE_APP: "wallet",
    EntryKind.MESSAGE_LINK: "smartphone",
    EntryKind.AGENT: "message-circle",
    EntryKind.HOTLINE: "headphones",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WayRow:
    """One entry as the page tells it. `href` is empty where nothing is to be opened; `plan_id` leads to an agent."""

    code: str
    name: str
    icon: str
    howto: str
    why: str
    notice: str
    instead: str
    href: str
    phone: str
    works: bool
    state: str
    writes_to_agent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTold:
    """The entries of one plan in the reader's language. `closed` is the usual one when it does not work."""

    plan_id: UUID
    title: str
    working: tuple[WayRow, ...]
    not_working: tuple[WayRow, ...]
    usual: WayRow | None
    owes: bool

    @property
    def closed(self) -> WayRow | None:
        return self.usual if self.usual is not None and not self.usual.works else None


def told(found: Route, *, title: str = "", now: datetime) -> RouteTold:
    language = get_language() or "zh-hans"
    rows = {way.code: _row(found, way, language, now) for way in found.ways}
    usual = found.of_kind(EntryKind.MALL_PAGE)
    return RouteTold(
        plan_id=found.plan_id,
        title=title,
        working=tuple(rows[way.code] for way in found.working),
        not_working=tuple(rows[way.code] for way in found.not_working),
        usual=rows[usual.code] if usual else None,
        owes=found.owes,
    )


def _row(found: Route, way: Way, language: str, now: datetime) -> WayRow:
    chinese = language.startswith("zh")
    entry = way.entry
    instead = found.way(way.instead)
    reason = why(way).text(language).strip()
    if way.answered_from is not None:
        at = formats.short_moment(way.answered_from)
        reason = formats.spaced(_("Write at any time; answered from %(at)s") % {"at": at})
    return WayRow(
        code=way.code,
        name=entry.name_zh if chinese else entry.name_en,
        icon=ICONS[way.kind],
        howto=entry.howto_zh if chinese else entry.howto_en,
        why=reason,
        notice=way.notice_zh if chinese else way.notice_en,
        instead=(instead.entry.name_zh if chinese else instead.entry.name_en) if instead else "",
        href=_href(found, way, now) if way.works else "",
        phone=entry.address if way.works and not entry.address.startswith("http") else "",
        works=way.works,
        state=state_name(way),
        writes_to_agent=way.works and way.kind is EntryKind.AGENT,
    )


def _href(found: Route, way: Way, now: datetime) -> str:
    match way.kind:
        case EntryKind.MALL_PAGE:
            return reverse("portal:repay", args=[found.plan_id])
        case EntryKind.MESSAGE_LINK:
            return reverse("portal:repay_by_link", args=[link_code(found.plan_id, now=now)])
        case EntryKind.FINANCE_APP if way.entry.address.startswith(("https://", "http://")):
            return way.entry.address
    return ""


def state_name(way: Way) -> str:
    if way.reason is Reason.OUTSIDE_HOURS:
        return _("Outside its hours")
    if way.reason is Reason.LENDER_COLLECTS:
        return _("Not for this plan")
    return {
        EntryState.PLANNED: _("Not open yet"),
        EntryState.OPEN: _("Open to customers"),
        EntryState.CLOSED: _("Paused"),
        EntryState.MOVED: _("Moved"),
    }[way.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTold:
    """A change ahead, in the reader's language; without `until` the entry is left for good.

    `titles` are empty when it touches all of the plans shown.
    """

    name: str
    since: str
    until: str
    notice: str
    instead: str
    titles: str


# ---- the gate before the pages on which one repays


def came_by(request: HttpRequest, plan_id: UUID, *, now: datetime) -> tuple[EntryKind, ...]:
    """The entries through which this reader came to the plan: the mall's page, and a link while it is good."""
    code = request.session.get(SESSION_KEY, {}).get(str(plan_id), "")
    link = read_link(code, now=now) if code else None
    by_link = link is not None and link.state is LinkState.GOOD and link.plan_id == plan_id
    return (EntryKind.MALL_PAGE, EntryKind.MESSAGE_LINK) if by_link else (EntryKind.MALL_PAGE,)


def entry_for(request: HttpRequest, customer_id: UUID, plan_id: UUID, *, now: datetime) -> tuple[Route, Way | None]:
    """The route, and the entry through which this reader may repay the plan now. Raises NotFound."""
    found = route(customer_id, plan_id, now=now)
    return found, open_entry(found, came_by(request, plan_id, now=now))


def closed_page(request: HttpRequest, found: Route, *, now: datetime) -> HttpResponse:
    """Why one cannot repay here now, until when, and every way that works: an answer, no error (R155)."""
    return render_page(request, "entry_closed.html", {"route": told(found, now=now), "found": found})


# ---- addresses


@require_safe
@customer_page
def repay_here(request: HttpRequest, customer_id: UUID, code: str) -> HttpResponse:
    """The plan's permanent address: to where it can be repaid now; not signed in, by way of signing in."""
    plan_id = plan_of_code(code)
    found = routes(customer_id, [plan_id], now=clock.now()).get(plan_id) if plan_id is not None else None
    if found is None:
        return nothing_here(request)
    return _lead_on(request, found)


@require_safe
@never_cache
def repay_by_link(request: HttpRequest, code: str) -> HttpResponse:
    """A link from a message. Stale or forged, it says so in both languages and still leads on."""
    now = clock.now()
    link = read_link(code, now=now)
    if link.state is not LinkState.GOOD or link.plan_id is None:
        return _unusable(request, link)
    customer_id = customer_of(request)
    if customer_id is None:
        return redirect(sign_in_address(request))
    try:
        found = route(customer_id, link.plan_id, now=now)
    except NotFound:
        return nothing_here(request)
    _remember(request, link.plan_id, code)
    return _lead_on(request, found)


def _lead_on(request: HttpRequest, found: Route) -> HttpResponse:
    now = clock.now()
    if not found.owes:
        return redirect("portal:order", order_id=found.order_id)
    if open_entry(found, came_by(request, found.plan_id, now=now)) is None:
        return closed_page(request, found, now=now)
    return redirect("portal:repay", plan_id=found.plan_id)


def _remember(request: HttpRequest, plan_id: UUID, code: str) -> None:
    kept = {key: value for key, value in request.session.get(SESSION_KEY, {}).items() if key != str(plan_id)}
    newest = list(kept.items())[-MOST_REMEMBERED + 1 :]
    request.session[SESSION_KEY] = {**dict(newest), str(plan_id): code}


def nothing_here(request: HttpRequest) -> HttpResponse:
    """The same for a plan that is nobody's and for one that is somebody else's."""
    return render_page(request, "link_of_nobody.html", {}, status=404)


def _unusable(request: HttpRequest, link: Link) -> HttpResponse:
    """In both languages whatever the reader's: who finds a link may read either."""
    is_stale = link.state is LinkState.STALE and link.plan_id is not None
    context = {
        "is_stale": is_stale,
        "valid_until": link.valid_until,
        "go_on": reverse("portal:repay_here", args=[plan_code(link.plan_id)])
        if is_stale and link.plan_id
        else reverse("portal:bills"),
    }
    return render_page(request, "link_unusable.html", context, status=410 if is_stale else 404)


# ---- parts of other pages


def order_entry_context(customer_id: UUID, plan_id: UUID, *, now: datetime) -> dict[str, object]:
    """For the order's page: its entries, and its permanent address with a code to scan."""
    found = route(customer_id, plan_id, now=now)
    if not found.owes:
        return {}
    return {
        "route": told(found, now=now),
        "can_repay_here": found.works(EntryKind.MALL_PAGE),
        "permanent_address": permanent_address(plan_id),
        "planned_changes": planned_for(customer_id, [(plan_id, "")], now=now),
    }


def closed_for(customer_id: UUID, plans: Iterable[tuple[UUID, str]], *, now: datetime) -> tuple[RouteTold, ...]:
    """Of these plans, by id and title, those that the mall's page does not take now, though we collect them."""
    titles = dict(plans)
    found = routes(customer_id, titles, now=now)
    shut = [one for one in found.values() if one.owes and not one.lender and not one.works(EntryKind.MALL_PAGE)]
    return tuple(told(one, title=titles[one.plan_id], now=now) for one in shut)


def planned_for(customer_id: UUID, plans: Iterable[tuple[UUID, str]], *, now: datetime) -> tuple[PlannedTold, ...]:
    """What is going to be closed for these plans, by id and title, and what works then instead (R143)."""
    titles = dict(plans)
    return tuple(_planned_told(one, titles) for one in planned_changes(customer_id, titles, now=now))


def _planned_told(planned: PlannedChange, titles: Mapping[UUID, str]) -> PlannedTold:
    language = get_language() or "zh-hans"
    chinese = language.startswith("zh")
    touched = [titles[plan_id] for plan_id in planned.plan_ids]
    between, told_in = ("、", "zh") if chinese else (", ", "en")

    def name(entry: Entry) -> str:
        return entry.name_zh if chinese else entry.name_en

    return PlannedTold(
        name=name(planned.entry),
        since=moment(planned.starts_at.astimezone(clock.mall_zone()), told_in).strip(),
        until=moment(planned.until, told_in).strip() if planned.until else "",
        notice=planned.notice_zh if chinese else planned.notice_en,
        instead=between.join(name(entry) for entry in planned.instead),
        titles=between.join(touched) if len(touched) < len(titles) else "",
    )


@require_safe
@customer_page
def code_image(_request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    """The permanent address as a code to scan, for the screen and for what is printed."""
    route(customer_id, plan_id, now=clock.now())
    picture = BytesIO()
    segno.make(permanent_address(plan_id), error="m").save(picture, kind="svg", scale=5, border=4, light="#fff")
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")

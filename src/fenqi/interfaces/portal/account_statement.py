"""A statement of account for any period: on a page, to print, and as PDF (R076, P1004)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.vouchers import Balances, Movement
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.downloads import download
from fenqi.interfaces.portal.going_on import drawn
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.portal.paper_checks import check_told
from fenqi.interfaces.portal.vouchers import PDF, balance_names, drawn_scans, mall_name, moment_told, repay_scan
from fenqi.interfaces.shared import formats
from fenqi.interfaces.shared.entry_words import ENTRIES
from fenqi.interfaces.shared.papers import Column, Paper, Table
from fenqi.interfaces.shared.voucher_pdf import draw
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.rate_limits import Rate
from fenqi.usecases.vouchers.account import FIRST_DAY, CustomerStatement, open_plans, plan_choices, statements
from fenqi.usecases.vouchers.papers import issue

USUAL_DAYS: Final = 90
MOST_SCANS: Final = 6
"""Codes to scan on one statement: the plans that are due next."""


class PeriodForm(forms.Form):
    first = forms.DateField(input_formats=["%Y-%m-%d"])
    last = forms.DateField(input_formats=["%Y-%m-%d"])
    plan = forms.UUIDField(required=False)
    currency = forms.CharField(max_length=3, required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A statement with its paper, and the address that has the same as PDF."""

    statement: CustomerStatement
    paper: Paper
    query: str


@require_safe
@customer_page
def show(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """A period that cannot be is told beside the field, and nothing is shown for it."""
    rate_limits.count(Rate.RECORDS, str(customer_id))
    form = _form(request)
    drawn_up: Sequence[Drawn] = ()
    if form.is_valid():
        try:
            drawn_up = _drawn(customer_id, form)
        except NotFound:
            raise
        except FenqiError as refusal:
            form.add_error("last", refusal.text(get_language() or "zh-hans"))
    shown = _wanted(drawn_up, form)
    context = {
        "form": form,
        "plans": plan_choices(customer_id),
        "quick": tuple(_quick_periods()),
        "shown": shown,
        "others": [one for one in drawn_up if one is not shown],
        "rows": _rows(shown.statement) if shown else (),
        "sums": _sums(shown.statement) if shown else (),
        "qr": drawn(shown.paper.check.address) if shown and shown.paper.check else "",
        "scans": drawn_scans(shown.paper) if shown else (),
    }
    return render_page(request, "account_statement.html", context, status=422 if form.errors else 200)


@require_safe
@customer_page
def pdf(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Counted before anything is read. Raises TooManyRequests, NotFound, PeriodRefused."""
    rate_limits.count(Rate.RECORDS, str(customer_id))
    form = _form(request)
    if not form.is_valid():
        raise NotFound
    shown = _wanted(_drawn(customer_id, form), form)
    if shown is None:
        raise NotFound
    name = f"statement-{shown.statement.account.first}-{shown.statement.account.last}.pdf"
    return download(draw(shown.paper), PDF, name=name)


def _form(request: HttpRequest) -> PeriodForm:
    """The last ninety days where nothing is said."""
    today = clock.business_date(clock.now())
    usual = {"first": (today - timedelta(days=USUAL_DAYS)).isoformat(), "last": today.isoformat()}
    return PeriodForm({**usual, **{name: value for name, value in request.GET.items() if value}})


def _drawn(customer_id: UUID, form: PeriodForm) -> list[Drawn]:
    said, now = form.cleaned_data, clock.now()
    found = statements(customer_id, said["first"], said["last"], plan_id=said["plan"], now=now)
    return [_one(customer_id, statement) for statement in found]


def _one(customer_id: UUID, statement: CustomerStatement) -> Drawn:
    code = issue(customer_id, statement.said, now=statement.taken_at)
    account = statement.account
    asked = {
        "first": account.first,
        "last": account.last,
        "plan": statement.plan_id or "",
        "currency": statement.currency,
    }
    return Drawn(statement=statement, paper=_paper(customer_id, statement, code), query=urlencode(asked))


def _wanted(drawn_up: Sequence[Drawn], form: PeriodForm) -> Drawn | None:
    """Of the currency that is asked for, else the first."""
    currency = form.cleaned_data.get("currency") if form.is_valid() else ""
    wanted = (one for one in drawn_up if one.statement.currency == currency)
    return next(wanted, drawn_up[0] if drawn_up else None)


def _quick_periods() -> Iterator[tuple[str, date, date]]:
    today = clock.business_date(clock.now())
    this_month = today.replace(day=1)
    end_of_last = this_month - timedelta(days=1)
    yield _("This month"), this_month, today
    yield _("Last month"), end_of_last.replace(day=1), end_of_last
    yield _("This year"), today.replace(month=1, day=1), today
    yield _("All"), FIRST_DAY, today


# What it says --------------------------------------------------------------------------------------------------------


def _sums(statement: CustomerStatement) -> list[tuple[str, str, str]]:
    """Name, opening and closing of each balance; what was never used is left out, but for what is owed."""
    account, names = statement.account, balance_names()
    return [
        (names[name], _money(opening, statement), _money(closing, statement))
        for name, opening, closing in zip(Balances._fields, account.opening, account.closing, strict=True)
        if name in _used(statement)
    ]


def _used(statement: CustomerStatement) -> frozenset[str]:
    account = statement.account
    stands = (account.opening, *(one.change for one, _after in account.movements))
    moved = {name for one in stands for name, minor in one._asdict().items() if minor}
    return frozenset(moved | {"owed"})


def _rows(statement: CustomerStatement) -> list[tuple[Movement, str, list[str], str]]:
    """The movement, its name, what it changed, and what is owed after it."""
    used = [name for name in Balances._fields if name in _used(statement)]
    return [
        (
            one,
            str(ENTRIES.get(one.code, one.code)),
            [_change(getattr(one.change, name), statement) for name in used],
            _money(after.owed, statement),
        )
        for one, after in statement.account.movements
    ]


def _paper(customer_id: UUID, statement: CustomerStatement, code: str) -> Paper:
    account, money = statement.account, statement.currency
    told = {"owed": formats.money(account.closing.owed, money), "day": account.last.isoformat()}
    return Paper(
        issuer=mall_name(),
        title=_("Statement of account"),
        answer=_("%(owed)s to repay on %(day)s") % told,
        facts=tuple(_facts(customer_id, statement)),
        tables=(_balances_table(statement), _movements_table(statement)),
        notes=(
            _(
                "By value date, from the journal of the books: what stood at the beginning and every movement come to "
                "what stands at the end. Personal data are left out, so that you can hand this paper on."
            ),
        ),
        check=check_told(code, statement.said),
        scans=tuple(
            repay_scan(one.plan_id, one.order_no)
            for one in open_plans(customer_id, money, statement.plan_id)[:MOST_SCANS]
        ),
    )


def _facts(customer_id: UUID, statement: CustomerStatement) -> Iterator[tuple[str, str]]:
    account = statement.account
    yield _("Period"), f"{account.first} {formats.TO} {account.last}"
    order = next((one.order_no for one in plan_choices(customer_id) if one.plan_id == statement.plan_id), "")
    yield _("Plans"), _("Order %(number)s") % {"number": order} if order else _("All plans")
    yield _("Currency"), statement.currency
    if statement.said.entry_seq:
        yield _("Newest entry in the books"), str(statement.said.entry_seq)
        yield _("Proof"), statement.said.entry_hash
    yield _("Taken at"), f"{moment_told(statement.taken_at)} ({clock.mall_zone().key})"
    yield _("Issued by"), mall_name()


def _balances_table(statement: CustomerStatement) -> Table:
    columns = (
        Column(name=_("Balance")),
        Column(name=_("Opening balance"), align="right"),
        Column(name=_("Closing balance"), align="right"),
    )
    return Table(title=_("Balances"), columns=columns, rows=tuple(_sums(statement)))


def _movements_table(statement: CustomerStatement) -> Table:
    names = balance_names()
    used = [name for name in Balances._fields if name in _used(statement)]
    columns = (
        Column(name=_("Day"), share=4),
        Column(name=_("Entry"), share=2),
        Column(name=_("What it is"), share=7),
        *(Column(name=f"{names[name]} {PLUS_OR_MINUS}", share=4, align="right") for name in used),
        Column(name=_("You owe after it"), share=4, align="right"),
    )
    rows = tuple(
        (one.on.isoformat(), str(one.seq), name, *changes, after) for one, name, changes, after in _rows(statement)
    )
    return Table(title=_("Movements"), columns=columns, rows=rows)


PLUS_OR_MINUS: Final = "±"


def _money(minor: int, statement: CustomerStatement) -> str:
    return formats.money(minor, statement.currency)


def _change(minor: int, statement: CustomerStatement) -> str:
    """With its sign, above zero too; nothing where nothing changed."""
    return f"{'+' if minor > 0 else ''}{_money(minor, statement)}" if minor else ""

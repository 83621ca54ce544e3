"""What staff know of each rail and bank, and its state of the moment: limits, hours, maintenance (R138-R140)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.domain.cards import BANKS
from fenqi.domain.errors import FenqiError
from fenqi.domain.money import Money
from fenqi.domain.payments.conditions import Condition, ConditionKind, Unavailability, unavailable
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock
from fenqi.usecases.conditions.edit import (
    NOTE_EN_LENGTH,
    NOTE_ZH_LENGTH,
    NewCondition,
    add_condition,
    withdraw_condition,
)
from fenqi.usecases.conditions.queries import standing_conditions
from fenqi.usecases.rails import rail_names
from fenqi.usecases.staff.permissions import Permission, Staff


class ConditionForm(forms.Form):
    """What was entered; what a kind needs is checked by the use case."""

    channel = forms.CharField(max_length=32)
    bank = forms.CharField(max_length=16, required=False)
    kind = forms.ChoiceField(choices=[(kind.value, kind.value) for kind in ConditionKind])
    amount = forms.DecimalField(required=False, max_digits=12, decimal_places=2)
    opens_at = forms.TimeField(required=False)
    closes_at = forms.TimeField(required=False)
    starts_at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    ends_at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    note_zh = forms.CharField(max_length=NOTE_ZH_LENGTH, required=False)
    note_en = forms.CharField(max_length=NOTE_EN_LENGTH, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SEE_CONDITIONS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """All rails; a POST adds a condition."""
    if request.method != "POST":
        return _page(request, ConditionForm())
    form = ConditionForm(request.POST)
    if form.is_valid():
        try:
            add_condition(staff, _entered(form), now=clock.now())
        except FenqiError as refusal:
            form.add_error(None, refusal.text(get_language() or "zh-hans"))
        else:
            return redirect("console:channels")
    return _page(request, form, status=422)


@require_POST
@staff_page(Permission.EDIT_CONDITIONS)
def withdraw(_request: HttpRequest, staff: Staff, condition_id: UUID) -> HttpResponse:
    withdraw_condition(staff, condition_id, now=clock.now())
    return redirect("console:channels")


def _page(request: HttpRequest, form: ConditionForm, *, status: int = 200) -> HttpResponse:
    now = clock.now().astimezone(clock.mall_zone())
    known = standing_conditions(now)
    context = {
        "place": "channels",
        "form": form,
        "problems": _problems(form),
        "rails": [_rail(name, known, now) for name in rail_names()],
        "banks": [(bank.code, bank.name(get_language() or "zh-hans")) for bank in BANKS.values()],
        "kinds": [(kind.value, _kind(kind)) for kind in ConditionKind],
    }
    return render_page(request, "channels.html", context, status=status)


def _problems(form: ConditionForm) -> list[str]:
    """What is wrong as a whole, else the first field that cannot be read."""
    unread = (f"{name}: {told[0]}" for name, told in form.errors.items())
    return [*form.non_field_errors(), *unread]


def _rail(name: str, known: tuple[Condition, ...], now: datetime) -> dict[str, object]:
    """The rail and its banks that something is known of, each with its state of this moment."""
    of_rail = [one for one in known if one.channel == name]
    banks = ["", *sorted({one.bank for one in of_rail if one.bank})]
    return {
        "name": name,
        "banks": [
            {
                "code": bank,
                "name": BANKS[bank].name(get_language() or "zh-hans") if bank else "",
                "state": _state(known, name, bank, now),
                "conditions": [(one, _kind(one.kind), _said(one)) for one in of_rail if one.bank == bank],
            }
            for bank in banks
        ],
    }


def _state(known: tuple[Condition, ...], channel: str, bank: str, now: datetime) -> Unavailability | None:
    """Whether it is closed now; limits depend on the customer."""
    return unavailable(known, channel=channel, bank=bank, amount_minor=0, currency="", spent_today={}, now=now)


def _kind(kind: ConditionKind) -> str:
    names = {
        ConditionKind.LIMIT_PER_PAYMENT: _("Limit of one payment"),
        ConditionKind.LIMIT_PER_DAY: _("Limit of a day"),
        ConditionKind.HOURS: _("Opening hours"),
        ConditionKind.MAINTENANCE: _("Maintenance"),
    }
    return names[kind]


def _said(one: Condition) -> str:
    if one.amount_minor:
        return formats.money(one.amount_minor, one.currency)
    if one.opens_at is not None and one.closes_at is not None:
        return f"{one.opens_at:%H:%M}{formats.TO}{one.closes_at:%H:%M}"
    assert one.starts_at is not None
    assert one.ends_at is not None
    return f"{formats.short_moment(one.starts_at)}{formats.TO}{formats.short_moment(one.ends_at)}"


def _entered(form: ConditionForm) -> NewCondition:
    """Only the fields of the kind, so that what a browser keeps in the others does no harm."""
    said = form.cleaned_data
    kind = ConditionKind(said["kind"])
    is_limit = kind in (ConditionKind.LIMIT_PER_PAYMENT, ConditionKind.LIMIT_PER_DAY)
    is_hours, is_maintenance = kind is ConditionKind.HOURS, kind is ConditionKind.MAINTENANCE
    return NewCondition(
        channel=said["channel"],
        bank=said["bank"],
        kind=kind,
        amount_minor=_minor(said["amount"]) if is_limit else None,
        opens_at=said["opens_at"] if is_hours else None,
        closes_at=said["closes_at"] if is_hours else None,
        starts_at=_at_mall(said["starts_at"]) if is_maintenance else None,
        ends_at=_at_mall(said["ends_at"]) if is_maintenance else None,
        note_zh=said["note_zh"],
        note_en=said["note_en"],
    )


def _minor(amount: Decimal | None) -> int | None:
    return None if amount is None else Money.from_decimal(amount, "CNY").minor


def _at_mall(entered: datetime | None) -> datetime | None:
    """What staff enter is on the mall's clock, whatever zone the server shows."""
    return None if entered is None else entered.replace(tzinfo=clock.mall_zone())

"""A failed repayment as the page tells it: what happened, to which account, and the ways out as buttons and rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenqi.domain.payments import AttemptState, FailureCategory
from fenqi.domain.payments.recovery import Help, HelpKind
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.choices import PART, word_of
from fenqi.interfaces.portal.methods import ICONS, card_name, channel_name, method_name
from fenqi.interfaces.portal.rail import Reader
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock
from fenqi.usecases.clock import mall_zone
from fenqi.usecases.recovery.remind import ask_reminder
from fenqi.usecases.recovery.situation import Situation
from fenqi.usecases.support.service_desk import service_desk
from fenqi.usecases.views import AttemptView, PaymentView

CARD_KEPT_AT_CHANNEL: Final = "BANKCARD"
"""In a channel's code: not the wallet's balance but a card kept in it was short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way out. `post` with its `fields` is a form, `address` a link; with neither it is only told."""

    icon: str
    title: str
    caption: str = ""
    button: str = ""
    address: str = ""
    post: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What the one filled button says."""
        return self.button or self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPage:
    """`happened` in plain words; `account` took nothing; `fitting` is the button, `others` the rows.

    `told` is what the payer said stood in the way at a cashier.
    """

    happened: str
    told: str
    account: str
    fitting: Way
    others: tuple[Way, ...]


def recovery_page(found: Situation, payment: PaymentView, reader: Reader) -> RecoveryPage:
    attempt = payment.latest_attempt
    assert attempt is not None
    account = card_name(found.card) if found.card else channel_name(payment.channel)
    teller = _Teller(found=found, payment=payment, account=account, reader=reader)
    fitting = _fitting(found, attempt)
    return RecoveryPage(
        happened=what_happened(found.advice.cause, account, attempt),
        told=cashier_causes()[found.told] if found.told else "",
        account=account,
        fitting=teller.way(fitting),
        others=tuple(teller.way(one) for one in found.advice.helps if one is not fitting) + teller.reminder(),
    )


def _fitting(found: Situation, attempt: AttemptView) -> Help:
    """After a payment that was ended unpaid nothing is wrong, unless the payer says so: the same may be paid again."""
    again = next((one for one in found.advice.helps if one.kind is HelpKind.TRY_AGAIN_NOW), None)
    is_unhindered = attempt.state == AttemptState.CLOSED and found.told is None
    return again if again and is_unhindered else found.advice.fitting


def what_happened(cause: FailureCategory, account: str, attempt: AttemptView) -> str:
    """Why, naming the right account (R123, R124); never a code, never a reproach."""
    match cause:
        case FailureCategory.INSUFFICIENT_BALANCE:
            told = _short_of_money(attempt)
        case FailureCategory.WRONG_ACCOUNT_INFO:
            told = _("%(account)s: card number, name, phone or password is not what is on record there. ")
        case FailureCategory.METHOD_UNAVAILABLE:
            told = _("%(account)s cannot be used for this payment now. ")
        case FailureCategory.LIMIT_EXCEEDED:
            told = _("A limit of %(account)s was reached: of the sum, the day or the number of tries. ")
        case FailureCategory.CHANNEL_MAINTENANCE:
            told = _("%(account)s is under maintenance or busy. Time lost by it does not count as overdue. ")
        case _:
            told = _("%(account)s gave no reason that you could act on. We have kept what it said for our staff. ")
    return formats.spaced(told % {"account": account}) + _("Nothing was taken, and your bill is as it was.")


def cashier_causes() -> dict[FailureCategory, str]:
    """What a cashier tells only the payer, in the payer's words: asked, since the fitting help depends on it."""
    return {
        FailureCategory.INSUFFICIENT_BALANCE: _("Not enough money there"),
        FailureCategory.WRONG_ACCOUNT_INFO: _("Details or password not accepted"),
        FailureCategory.METHOD_UNAVAILABLE: _("Not to be used for this payment"),
        FailureCategory.LIMIT_EXCEEDED: _("Above a limit"),
        FailureCategory.CHANNEL_MAINTENANCE: _("Busy or under maintenance"),
        FailureCategory.CONTACT_SUPPORT: _("Another reason, or none given"),
    }


def cause_told(word: str) -> FailureCategory | None:
    return next((cause for cause in cashier_causes() if cause.value == word), None)


def told_address(payment_id: UUID, told: FailureCategory | None) -> str:
    """The page of the result, with the helps for what the payer told."""
    address = reverse("portal:result", args=[payment_id])
    return f"{address}?{urlencode({'told': told.value})}" if told else address


def _short_of_money(attempt: AttemptView) -> str:
    if attempt.card_id is not None:
        return _("%(account)s was short of funds. ")
    if CARD_KEPT_AT_CHANNEL in attempt.code.upper():
        return _("The bank card kept in %(account)s was short of funds. ")
    return _("The balance of %(account)s was not enough. ")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    """Writes each help for one payment."""

    found: Situation
    payment: PaymentView
    account: str
    reader: Reader

    def way(self, one: Help) -> Way:
        tell = {
            HelpKind.TRY_AGAIN_NOW: self._try_again_now,
            HelpKind.TRY_AGAIN_AT: self._try_again_at,
            HelpKind.REMIND_ME: self._remind_me,
            HelpKind.CORRECT_DETAILS: self._correct_details,
            HelpKind.USE_METHOD: self._use_method,
            HelpKind.BIND_CARD: self._bind_card,
            HelpKind.SMALLER_SUM: self._smaller_sum,
            HelpKind.WAIT_FOR_AUTO_DEBIT: self._wait_for_auto_debit,
            HelpKind.CLOSE_FIRST: self._close_first,
            HelpKind.CONTACT_AGENT: self._contact_agent,
        }
        return tell[one.kind](one)

    def reminder(self) -> tuple[Way, ...]:
        """What was asked for already is told, not offered."""
        at = self.found.reminder_at
        if at is None or at <= clock.now():
            return ()
        told = _("A text message comes on %(when)s, if it is still owed then") % {"when": self._when(at)}
        return (Way(icon="check", title=_("You will be reminded"), caption=told),)

    def _try_again_now(self, _one: Help) -> Way:
        if self.found.advice.cause is FailureCategory.INSUFFICIENT_BALANCE:
            title = _("Top up, then pay with %(account)s again") % {"account": self.account}
            caption = _("It takes %(amount)s; you can try again at once") % {"amount": self._amount}
            button = _("Topped up: pay %(amount)s again") % {"amount": self._amount}
        else:
            title = _("Try %(account)s again") % {"account": self.account}
            caption = _("As a new payment; the old one is ended")
            button = _("Pay %(amount)s again") % {"amount": self._amount}
        return Way(icon="refresh-cw", title=title, caption=caption, button=button, address=self._confirm(self._used))

    def _try_again_at(self, one: Help) -> Way:
        assert one.at is not None
        title = _("Try %(account)s again later") % {"account": self.account}
        caption = _("From %(when)s") % {"when": self._when(one.at)}
        return Way(icon="clock", title=title, caption=caption, address=self._confirm(self._used))

    def _remind_me(self, one: Help) -> Way:
        assert one.at is not None
        return Way(
            icon="calendar-check",
            title=_("Remind me when it may work again"),
            caption=_("By text message on %(when)s, if it is still owed then") % {"when": self._when(one.at)},
            button=_("Remind me on %(when)s") % {"when": self._when(one.at)},
            post=reverse("portal:remind", args=[self.payment.payment_id]),
            fields={"told": self.found.told.value} if self.found.told else {},
        )

    def _correct_details(self, _one: Help) -> Way:
        if self.found.card is not None:
            title, address = _("Enter the card's details anew"), self._bind_address
            caption = _("Number, name and phone are checked before anything is sent")
        else:
            title, address = _("Check the details and enter them again"), self._confirm(self._used)
            caption = _("At %(account)s: card number, name, phone, password") % {"account": self.account}
        return Way(icon="credit-card", title=title, caption=caption, address=address)

    def _use_method(self, one: Help) -> Way:
        method = self.found.method(one.method)
        named = {"amount": self._amount, "method": method_name(method)}
        return Way(
            icon=ICONS.get(method.channel, "wallet"),
            title=_("Pay with %(method)s") % named,
            caption=_("Takes %(amount)s; you confirm it first") % named,
            button=_("Pay %(amount)s with %(method)s") % named,
            address=self._confirm(one.method),
        )

    def _bind_card(self, _one: Help) -> Way:
        caption = _("Then pay with it; you need the phone kept at the bank")
        return Way(icon="credit-card", title=_("Add a bank card"), caption=caption, address=self._bind_address)

    def _smaller_sum(self, one: Help) -> Way:
        if one.amount_minor:
            amount = formats.money(one.amount_minor, self.payment.currency)
            title = _("Pay %(amount)s now, the rest later") % {"amount": amount}
            caption = _("That much still goes within the limit")
            address = self._confirm(self._used, word=f"{PART}-{one.amount_minor}")
        else:
            title, caption = _("Pay a smaller sum"), _("What you pay counts at once; the rest stays as it is")
            address = reverse("portal:repay", args=[self.payment.plan_id]) + "#part"
        return Way(icon="list-checks", title=title, caption=caption, address=address)

    def _wait_for_auto_debit(self, one: Help) -> Way:
        assert one.at is not None
        caption = _("Next try %(when)s: please have the money there by then") % {"when": self._when(one.at)}
        return Way(
            icon="calendar-check",
            title=_("Wait for the auto-debit"),
            caption=caption,
            address=reverse("portal:auto_debit", args=[self.payment.plan_id]),
        )

    def _close_first(self, _one: Help) -> Way:
        return Way(
            icon="ban",
            title=_("Rather not wait: close this one first, then pay another way"),
            post=reverse("portal:close", args=[self.payment.payment_id]),
        )

    def _contact_agent(self, _one: Help) -> Way:
        desk = service_desk(clock.now())
        caption = _("What happened is attached: no need to tell it again · %(hours)s") % {"hours": desk.hours}
        return Way(
            icon="headphones",
            title=_("Talk to customer service"),
            caption=caption,
            post=reverse("portal:open_support"),
            fields={"payment_id": str(self.payment.payment_id)},
        )

    @property
    def _amount(self) -> str:
        return formats.money(self.found.amount_minor, self.payment.currency)

    @property
    def _used(self) -> str:
        return str(self.found.used)

    @property
    def _bind_address(self) -> str:
        return f"{reverse('portal:bind_card')}?{urlencode({'next': self._confirm('')})}"

    def _confirm(self, method: str, *, word: str = "") -> str:
        """The confirming page, with the way to pay chosen."""
        query = {"choice": word or word_of(self.found.choice)} | ({"method": method} if method else {})
        return f"{reverse('portal:confirm', args=[self.payment.plan_id])}?{urlencode(query)}"

    def _when(self, at: datetime) -> str:
        """`11月23日 周一 09:00`."""
        local = at.astimezone(mall_zone())
        day = formats.full_day(local.date(), self.reader.language, today=self.reader.today)
        return f"{day} {formats.clock(local)}"


@require_POST
@customer_page
def remind(request: HttpRequest, customer_id: UUID, payment_id: UUID) -> HttpResponse:
    """Remind me; the page then says when."""
    told = cause_told(request.POST.get("told", ""))
    ask_reminder(customer_id, payment_id, now=clock.now(), told=told)
    return redirect(told_address(payment_id, told))

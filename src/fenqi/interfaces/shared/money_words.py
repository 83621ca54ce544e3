"""The money map in words: who the holders are, and what moved the money."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from fenqi.domain.money_map import CUSTOMER, Holder, Movement, Party, Position, Why
from fenqi.interfaces.shared.formats import money
from fenqi.usecases.money_map.queries import MoneyMap


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderRow:
    """One party and what it has; `width` is its share of the largest, in percent."""

    name: str
    amount_minor: int
    width: int
    tone: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    at: datetime
    text: str
    amount_minor: int
    number: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MapTold:
    """The whole map as a page tells it."""

    answer: str
    holders: tuple[HolderRow, ...]
    moves: tuple[MoveRow, ...]
    owed: tuple[tuple[str, int], ...]
    currency: str


_TONES = {
    Holder.CUSTOMER: "neutral",
    Holder.CHANNEL: "refund",
    Holder.BANK: "refund",
    Holder.MALL: "paid",
    Holder.LENDER: "paid",
    Holder.RESERVE: "due",
}


def map_told(found: MoneyMap, *, lender: str, is_staff: bool = False) -> MapTold:
    """`lender` is the lender's name in the reader's language; staff read of the customer by name of role."""
    words = _Words(lender=lender, is_staff=is_staff)
    most = max((abs(one.amount) for one in found.positions), default=1)
    return MapTold(
        answer=words.answer(found),
        holders=tuple(words.holder(one, most, found) for one in found.positions),
        moves=tuple(map(words.move, found.movements)),
        owed=tuple(words.owed(found)),
        currency=found.currency,
    )


@dataclass(frozen=True, slots=True)
class _Words:
    lender: str
    is_staff: bool

    def party(self, party: Party) -> str:
        names = {
            Holder.CUSTOMER: _("The customer") if self.is_staff else _("You"),
            Holder.BANK: _("On its way by bank transfer"),
            Holder.MALL: _("The mall"),
            Holder.RESERVE: _("Held as a reserve"),
            Holder.LENDER: self.lender or party.name,
            Holder.CHANNEL: _channel(party.name),
        }
        return names[party.holder]

    def answer(self, found: MoneyMap) -> str:
        given = -sum(one.amount for one in found.positions if one.party == CUSTOMER)
        on_its_way = (
            sum(one.amount for one in found.positions if one.party.holder in (Holder.CHANNEL, Holder.BANK))
            if any(move.why is Why.REFUND for move in found.movements)
            else 0
        )
        values = {"given": money(max(given, 0), found.currency), "way": money(max(on_its_way, 0), found.currency)}
        if given <= 0:
            return _("Nobody has money of the customer's") if self.is_staff else _("Nobody has money of yours")
        if on_its_way > 0:
            return (
                _("%(given)s of the customer's is with others, up to %(way)s of it with a channel") % values
                if self.is_staff
                else _("%(given)s of yours is with others, up to %(way)s of it with a channel") % values
            )
        return (
            _("%(given)s of the customer's is with others") % values
            if self.is_staff
            else _("%(given)s of yours is with others") % values
        )

    def holder(self, position: Position, most: int, found: MoneyMap) -> HolderRow:
        note = ""
        if position.party.holder is Holder.LENDER and found.yours_at_lender_minor:
            note = _("of which %(amount)s is balance that can be used there") % {
                "amount": money(found.yours_at_lender_minor, found.currency)
            }
        elif position.party.holder is Holder.RESERVE:
            note = _("security, not a payment: it goes back when nothing is owed")
        return HolderRow(
            name=self.party(position.party),
            amount_minor=position.amount,
            width=max(1, abs(position.amount) * 100 // most),
            tone=_TONES[position.party.holder] if position.amount > 0 else "neutral",
            note=note,
        )

    def move(self, movement: Movement) -> MoveRow:
        return MoveRow(
            at=movement.at,
            text=f"{self.party(movement.source)} → {self.party(movement.target)} · {_why(movement.why)}",
            amount_minor=movement.amount,
            number=movement.number,
            tone="refund" if movement.why in (Why.REFUND, Why.RELEASED, Why.LENDER_REFUND) else "paid",
        )

    def owed(self, found: MoneyMap) -> Iterator[tuple[str, int]]:
        if found.owed_minor:
            yield _("Still to be repaid to %(party)s") % {"party": self.party(found.owed_to)}, found.owed_minor
        if found.owed_back_minor:
            yield _("The mall has to send back, and has not yet"), found.owed_back_minor
        if found.unknown_minor:
            yield _("Outcome not known yet"), found.unknown_minor


def _channel(name: str) -> str:
    names = {"alipay": _("Alipay"), "wechat_pay": _("WeChat Pay"), "bank_card": _("Bank card")}
    return names.get(name, name)


def _why(why: Why) -> str:
    names = {
        Why.ORDERING: _("paid when ordering"),
        Why.REPAYMENT: _("repaid"),
        Why.LENDER_PAID: _("paid for the goods, less its share"),
        Why.PLAN_MOVED: _("for a plan that changed its holder"),
        Why.SETTLED: _("the day was paid out"),
        Why.REFUND: _("on its way back"),
        Why.ARRIVED: _("arrived"),
        Why.LENDER_REFUND: _("given back for what was returned"),
        Why.HELD: _("held as a reserve"),
        Why.RELEASED: _("reserve released"),
        Why.CAPTURED: _("taken from the reserve, as agreed"),
    }
    return names[why]

"""The fields of a policy in plain words, what a draft's body shows in them, and the body of what was entered.

What a field may hold is the domain's to say: what cannot be read is handed on as it was entered, and refused there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fenqi.domain.aftersales.policies import ConfirmedExclusion, LegalExclusion, Subject, parse_policy
from fenqi.domain.aftersales.sentences import EXCLUSION_NAMES
from fenqi.domain.money import InvalidAmount, Money, exponent_of
from fenqi.interfaces.console import words
from fenqi.interfaces.shared import formats
from fenqi.usecases.aftersales.preview import FieldChange

CURRENCY = "CNY"
MOST_DIGITS = 9


class Kind(Enum):
    NUMBER = auto()
    YUAN = auto()
    YES_NO = auto()
    ONE_OF = auto()
    SOME_OF = auto()
    WORDS = auto()
    PROSE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`name` is the path in the body, `fees.otherwise`; a choice is a stored word and what it is called."""

    name: str
    label: Any
    kind: Kind
    unit: Any = ""
    hint: Any = ""
    choices: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    title: Any
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A field with what it holds: `value` as text, `chosen` the words that are ticked."""

    field: Field
    value: str
    chosen: frozenset[str]

    @property
    def kind(self) -> str:
        return self.field.kind.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSection:
    title: Any
    fields: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class _Exclusion:
    """The name of an exclusion in the reader's language, looked up when it is shown."""

    kind: LegalExclusion | ConfirmedExclusion

    def __str__(self) -> str:
        name = EXCLUSION_NAMES[self.kind]
        return name.zh if (get_language() or "zh-hans").startswith("zh") else name.en


_FEES = (
    ("", _("as the terms of the plan say")),
    ("all", _("all of it")),
    ("unearned", _("what has not run yet")),
    ("prorata", _("by the days that are left")),
    ("none", _("none of it")),
)
_FUTURE = (
    ("", _("as the terms of the plan say")),
    ("last", _("the last installment first")),
    ("next", _("the next installment first")),
    ("next_last", _("the next one, then the last ones")),
    ("spread", _("all of them evenly")),
)
_PAYERS = (("customer", _("the customer")), ("seller", _("we")))
_DAYS, _WORKING_DAYS, _HOURS = _("days"), _("working days"), _("hours")

_TIMES = (
    Field(name="review_hours", label=_("We review within"), kind=Kind.NUMBER, unit=_HOURS),
    Field(name="usual_working_days", label=_("The money usually arrives within"), kind=Kind.NUMBER, unit=_WORKING_DAYS),
    Field(
        name="promise_working_days",
        label=_("At the latest within"),
        kind=Kind.NUMBER,
        unit=_WORKING_DAYS,
        hint=_("From the application; 15 at most"),
    ),
)
_ELSEWHERE = Section(
    title=_("Bought on a partner's platform"),
    fields=(
        Field(
            name="procedure_zh",
            label=_("How it is done there, in Chinese"),
            kind=Kind.PROSE,
            hint=_("If this is filled in, customers are sent there, and nothing can be applied for here"),
        ),
        Field(name="procedure_en", label=_("How it is done there, in English"), kind=Kind.PROSE),
    ),
)

_RETURN = (
    Section(
        title=_("Returns without a reason"),
        fields=(
            Field(
                name="window_days",
                label=_("From the day after receipt, for"),
                kind=Kind.NUMBER,
                unit=_DAYS,
                hint=_("The law gives 7; more is yours to give"),
            ),
            Field(
                name="window_ends_on_working_day",
                label=_("A window that ends on a rest day ends with the next working day"),
                kind=Kind.YES_NO,
            ),
            Field(
                name="requires_resalable",
                label=_("Goods must be intact; opening the parcel and a reasonable trial are fine"),
                kind=Kind.YES_NO,
            ),
            Field(
                name="excluded_by_law",
                label=_("Not returned without a reason, by law"),
                kind=Kind.SOME_OF,
                choices=tuple((kind.value, _Exclusion(kind)) for kind in LegalExclusion),
                hint=_("By the tags of the order line; no others may be left out"),
            ),
            Field(
                name="excluded_if_confirmed",
                label=_("Not returned without a reason if the buyer confirmed it at that purchase"),
                kind=Kind.SOME_OF,
                choices=tuple((kind.value, _Exclusion(kind)) for kind in ConfirmedExclusion),
                hint=_("Without the confirmation on the order line it does not hold"),
            ),
        ),
    ),
    Section(
        title=_("Goods at fault"),
        fields=(
            Field(name="fault_window_days", label=_("Can be reported for"), kind=Kind.NUMBER, unit=_DAYS),
            Field(name="most_photos", label=_("Photos at most"), kind=Kind.NUMBER),
            Field(name="most_videos", label=_("Videos at most"), kind=Kind.NUMBER),
            Field(
                name="evidence_asked_for",
                label=_("A photo or a video is asked for when the reason is"),
                kind=Kind.SOME_OF,
                choices=tuple((reason, name) for reason, name in words.CASE_REASONS.items() if reason != "no_reason"),
            ),
        ),
    ),
    Section(
        title=_("Time"),
        fields=(
            *_TIMES,
            Field(
                name="refund_after_received_days",
                label=_("After the goods are back, we refund within"),
                kind=Kind.NUMBER,
                unit=_DAYS,
                hint=_("The law allows 7"),
            ),
            Field(
                name="hard_limit_days",
                label=_("An application is dealt with within"),
                kind=Kind.NUMBER,
                unit=_DAYS,
                hint=_("After 15 the law calls it deliberate delay"),
            ),
            Field(
                name="goods_due_days",
                label=_("Once approved, the customer sends the goods within"),
                kind=Kind.NUMBER,
                unit=_DAYS,
            ),
        ),
    ),
    Section(
        title=_("Money"),
        fields=(
            Field(
                name="return_freight.personal",
                label=_("Without our fault, the way back is paid by"),
                kind=Kind.ONE_OF,
                choices=_PAYERS,
                hint=_("For goods at fault it is always us"),
            ),
            Field(
                name="freight_back.personal",
                label=_("Without our fault, the freight of the delivery is refunded, too"),
                kind=Kind.YES_NO,
            ),
            Field(
                name="fees.sellers_fault",
                label=_("Fees and interest given back: goods at fault"),
                kind=Kind.ONE_OF,
                choices=_FEES,
            ),
            Field(
                name="fees.whole_within_window",
                label=_("Fees and interest given back: whole order, no reason, in time"),
                kind=Kind.ONE_OF,
                choices=_FEES,
            ),
            Field(
                name="fees.otherwise",
                label=_("Fees and interest given back: every other return"),
                kind=Kind.ONE_OF,
                choices=_FEES,
            ),
            Field(
                name="late_fees_back_when_faulty",
                label=_("Late fees go back, too, when the goods were at fault"),
                kind=Kind.YES_NO,
            ),
            Field(name="future_rule", label=_("Comes off the plan's installments"), kind=Kind.ONE_OF, choices=_FUTURE),
            Field(
                name="two_people_above_minor",
                label=_("Two people approve above"),
                kind=Kind.YUAN,
                unit=_("yuan"),
            ),
        ),
    ),
    _ELSEWHERE,
)

_PRICE_PROTECTION = (
    Section(
        title=_("When a price is protected"),
        fields=(
            Field(
                name="window_days",
                label=_("From the payment, for"),
                kind=Kind.NUMBER,
                unit=_DAYS,
                hint=_("From 7 to 30"),
            ),
            Field(
                name="clock",
                label=_("The last day"),
                kind=Kind.ONE_OF,
                choices=(("calendar", _("ends at 24:00")), ("hours", _("ends at the hour of the payment"))),
            ),
            Field(
                name="excluded_tags",
                label=_("Left out: order lines with one of these tags"),
                kind=Kind.WORDS,
                hint=_("With blanks between: custom, flash_sale, virtual, presale, bundle, group_buy, any other"),
            ),
            Field(
                name="requires_unused",
                label=_("Goods must be unused and in their original packing"),
                kind=Kind.YES_NO,
            ),
            Field(name="same_seller", label=_("Only prices of the same seller count"), kind=Kind.YES_NO),
            Field(
                name="counts_coupons",
                label=_("What was paid is counted after coupons"),
                kind=Kind.YES_NO,
            ),
            Field(name="most_claims_per_line", label=_("Claims for one order line at most"), kind=Kind.NUMBER),
            Field(
                name="self_service",
                label=_("Customers claim by themselves; otherwise customer service does it for them"),
                kind=Kind.YES_NO,
            ),
        ),
    ),
    Section(
        title=_("Money"),
        fields=(
            Field(
                name="route",
                label=_("The difference goes"),
                kind=Kind.ONE_OF,
                choices=(
                    ("payment_account", _("to the account that was paid with")),
                    ("plan", _("off the installments")),
                ),
            ),
            Field(
                name="fee_on_lower_price",
                label=_("Fees are worked out anew on the lower price"),
                kind=Kind.YES_NO,
            ),
        ),
    ),
    Section(title=_("Time"), fields=_TIMES),
    _ELSEWHERE,
)

SECTIONS: Mapping[Subject, tuple[Section, ...]] = {
    Subject.RETURN: _RETURN,
    Subject.PRICE_PROTECTION: _PRICE_PROTECTION,
}


def fields_of(subject: Subject) -> Iterator[Field]:
    for section in SECTIONS[subject]:
        yield from section.fields


def label_of(subject: Subject, name: str) -> str:
    """The label of a field of the body, or of the group that it begins."""
    same = (field for field in fields_of(subject) if field.name == name or field.name.startswith(f"{name}."))
    found = next(same, None)
    return str(found.label) if found else name


def shown(subject: Subject, body: Mapping[str, Any]) -> tuple[ShownSection, ...]:
    """The form with what a body holds."""
    return tuple(
        ShownSection(
            title=section.title, fields=tuple(_shown(field, _value(body, field.name)) for field in section.fields)
        )
        for section in SECTIONS[subject]
    )


def entered(subject: Subject, said: QueryDict) -> dict[str, Any]:
    """The body of what was entered."""
    body: dict[str, Any] = {}
    for field in fields_of(subject):
        group, _dot, name = field.name.rpartition(".")
        holder = body.setdefault(group, {}) if group else body
        holder[name] = _entered(field, said)
    return body


def told(field: Field, value: Any) -> str:
    """What a value of the body says, for the table of changes."""
    match field.kind:
        case Kind.YES_NO:
            return str(_("yes") if value else _("no"))
        case Kind.ONE_OF:
            return str(dict(field.choices).get(value or "", value))
        case Kind.SOME_OF:
            return _listed(str(name) for word, name in field.choices if word in value)
        case Kind.WORDS:
            return _listed(value)
        case Kind.YUAN:
            return formats.money(value, CURRENCY)
        case _:
            return f"{value} {field.unit}".strip() or "—"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts) or "—"


def _value(body: Mapping[str, Any], path: str) -> Any:
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _shown(field: Field, value: Any) -> Shown:
    chosen = frozenset(map(str, value)) if isinstance(value, list | tuple) else frozenset[str]()
    if field.kind is Kind.WORDS:
        return Shown(field=field, value=" ".join(value or ()), chosen=chosen)
    if field.kind is Kind.YES_NO:
        return Shown(field=field, value="yes" if value is True else "", chosen=chosen)
    if field.kind is Kind.YUAN and isinstance(value, int):
        return Shown(field=field, value=f"{Decimal(value).scaleb(-exponent_of(CURRENCY)):f}", chosen=chosen)
    return Shown(field=field, value="" if value is None else str(value), chosen=chosen)


def _entered(field: Field, said: QueryDict) -> Any:
    if field.kind is Kind.SOME_OF:
        return said.getlist(field.name)
    return _READERS[field.kind](said.get(field.name, "").strip())


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else text


def _minor(text: str) -> int | str:
    try:
        return Money.from_decimal(text, CURRENCY).minor
    except InvalidAmount:
        return text


_READERS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.NUMBER: _number,
    Kind.YUAN: _minor,
    Kind.YES_NO: bool,
    Kind.ONE_OF: lambda text: text or None,
    Kind.WORDS: str.split,
    Kind.PROSE: str,
}


@dataclass(frozen=True, slots=True)
class Change:
    """A field that says something else now."""

    label: str
    before: str
    after: str


def changes(subject: Subject, change: FieldChange) -> Iterator[Change]:
    """A change of the body in the words of the form; one of a group is told field by field."""
    for field in fields_of(subject):
        group, _dot, name = field.name.rpartition(".")
        if (group or name) != change.name:
            continue
        before, after = (value[name] if group else value for value in (change.before, change.after))
        if before != after:
            yield Change(str(field.label), told(field, before), told(field, after))


def default_body(subject: Subject) -> dict[str, Any]:
    """What a draft of a policy that there is none of yet begins with."""
    return parse_policy(subject, {}).to_mapping()

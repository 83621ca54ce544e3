"""The lenders beside the mall: looked up by the code that plans name, and edited by staff."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.domain.ledger import clearing
from fenqi.records.identifiers import house_of
from fenqi.records.models import (
    Customer,
    DifferenceRoute,
    DirectoryEntry,
    DirectoryKind,
    FinanceProvider,
    LedgerAccount,
    ProviderKind,
)
from fenqi.usecases import audit
from fenqi.usecases.partners.errors import RepaidElsewhere, UnknownProvider
from fenqi.usecases.staff.permissions import Permission, Staff

MALL = "mall"
"""The code of plans that the mall itself finances: no lender's."""

KINDS, DIFFERENCE_ROUTES = tuple(ProviderKind.values), tuple(DifferenceRoute.values)

_TEXTS = ("name_zh", "name_en", "balance_rules_zh", "balance_rules_en", "contact_phone", "contact_zh", "contact_en")
_LONGEST = {"name_zh": 64, "name_en": 64, "contact_phone": 32}
_LONGEST_TEXT = 2_000
_MOST_DAYS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTexts:
    """What staff say of a lender: everything that its customers read, in both languages."""

    code: str
    kind: str
    name_zh: str
    name_en: str
    repays_here: bool = False
    balance_spendable: bool = True
    balance_withdrawable: bool = True
    balance_rules_zh: str = ""
    balance_rules_en: str = ""
    usual_working_days: int = 1
    latest_working_days: int = 7
    difference_route: str = "payment_account"
    contact_phone: str = ""
    contact_zh: str = ""
    contact_en: str = ""

    def name(self, language: str) -> str:
        return self.name_zh if language.startswith("zh") else self.name_en


def provider_of(code: str) -> FinanceProvider | None:
    """The lender; None for the mall itself. Raises UnknownProvider."""
    if code == MALL:
        return None
    provider = FinanceProvider.objects.filter(code=code).first()
    if provider is None:
        raise UnknownProvider(provider=code)
    return provider


def providers_of(codes: Iterable[str]) -> Mapping[str, FinanceProvider]:
    """Those that are set up, in one statement."""
    wanted = {code for code in codes if code != MALL}
    return {one.code: one for one in FinanceProvider.objects.filter(code__in=wanted)} if wanted else {}


def is_repaid_elsewhere(code: str) -> bool:
    """Whether the lender collects the installments itself."""
    lender = providers_of([code]).get(code)
    return lender is not None and not lender.repays_here


def refuse_if_repaid_elsewhere(code: str) -> None:
    """Raises RepaidElsewhere for a plan whose lender collects the installments itself."""
    lender = providers_of([code]).get(code)
    if lender is not None and not lender.repays_here:
        raise RepaidElsewhere(provider=lender.name_zh)


def list_providers() -> list[ProviderTexts]:
    """All that are set up, by code."""
    return [_texts(row) for row in FinanceProvider.objects.order_by("code")]


def provider_texts(code: str) -> ProviderTexts:
    """Raises NotFound."""
    row = FinanceProvider.objects.filter(code=code).first()
    if row is None:
        raise NotFound
    return _texts(row)


def _texts(row: FinanceProvider) -> ProviderTexts:
    return ProviderTexts(**{name: getattr(row, name) for name in ProviderTexts.__dataclass_fields__})


def edit_provider(staff: Staff, said: ProviderTexts, *, now: datetime) -> FinanceProvider:
    """Set a lender up, or change what is said of it. Raises NotPermitted, InvalidInput."""
    staff.require(Permission.EDIT_PARTNERS)
    _check(said)
    columns = {name: getattr(said, name) for name in said.__dataclass_fields__ if name != "code"}
    with transaction.atomic(durable=False):
        before: Mapping[str, object] = FinanceProvider.objects.filter(code=said.code).values().first() or {}
        provider, _ = FinanceProvider.objects.update_or_create(
            code=said.code, defaults={**columns, "updated_by": staff.actor, "updated_at": now}
        )
        _open_house(said.code, now=now)
        changed = sorted(name for name, value in columns.items() if before.get(name) != value)
        audit.record(
            staff.actor,
            audit.Action.PARTNER_EDITED,
            subject=f"provider:{said.code}",
            details={"changed": changed},
            now=now,
        )
    return provider


def _check(said: ProviderTexts) -> None:
    clearing(said.code)
    if said.code == MALL or said.kind not in ProviderKind.values:
        raise _invalid("kind", "platform or card is expected", "应为 platform 或 card")
    for name in _TEXTS:
        if len(getattr(said, name)) > _LONGEST.get(name, _LONGEST_TEXT):
            raise _invalid(name, "it is too long", "过长")
    if not (said.name_zh.strip() and said.name_en.strip()):
        raise _invalid("name_zh", "the lender needs a name in both languages", "请填写中英文名称")
    if not 0 <= said.usual_working_days <= said.latest_working_days <= _MOST_DAYS:
        raise _invalid(
            "latest_working_days", f"0 to {_MOST_DAYS}, not before the usual ones", f"应为 0 至 {_MOST_DAYS}"
        )


def _invalid(where: str, problem: str, problem_zh: str) -> InvalidInput:
    return InvalidInput(where=where, problem=problem, problem_zh=problem_zh)


def _open_house(code: str, *, now: datetime) -> None:
    """The lender's clearing account, and the house customer of its settlements."""
    LedgerAccount.objects.get_or_create(name=clearing(code))
    house, ref = house_of(code), f"house:{code}"
    Customer.objects.get_or_create(
        id=house,
        defaults={
            "ref": ref,
            "name_encrypted": b"",
            "phone_encrypted": b"",
            "phone_index": "",
            "language": "zh-hans",
            "entry_seq": 0,
            "entry_hash": b"",
            "registered_at": now,
            "updated_at": now,
        },
    )
    DirectoryEntry.objects.get_or_create(
        kind=DirectoryKind.CUSTOMER_REF.value, key=ref, defaults={"customer_id": house, "target_id": house}
    )

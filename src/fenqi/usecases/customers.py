"""Finding a customer, and reading who it is."""

from collections.abc import Collection
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.records import directory, personal
from fenqi.records.models import Customer, DirectoryKind
from fenqi.records.scope import across_customers
from fenqi.usecases.views import CustomerView


def find_customer_by_ref(ref: str) -> UUID:
    """Raises NotFound."""
    return _holder(DirectoryKind.CUSTOMER_REF, ref)


def find_customer_by_phone(phone: str) -> UUID:
    """By the bound phone, however it is written (R006). Raises NotFound."""
    normal = personal.normal_phone(phone)
    if normal is None:
        raise NotFound
    return _holder(DirectoryKind.PHONE, personal.phone_index(normal))


def _holder(kind: DirectoryKind, key: str) -> UUID:
    holder = directory.find(kind, key)
    if holder is None:
        raise NotFound
    return holder.customer_id


def require_customer(customer_id: UUID) -> None:
    """Raises NotFound."""
    if not Customer.objects.filter(id=customer_id).exists():
        raise NotFound


def customer_view(customer_id: UUID) -> CustomerView:
    """Raises NotFound."""
    customer = Customer.objects.filter(id=customer_id).first()
    if customer is None:
        raise NotFound
    return view(customer)


def customer_views(ids: Collection[UUID]) -> dict[UUID, CustomerView]:
    """Those of them that there are, by id: one statement."""
    with across_customers():
        return {customer.id: view(customer) for customer in Customer.objects.filter(id__in=ids)}


def view(customer: Customer) -> CustomerView:
    """Of a row that was read."""
    name, phone = personal.decrypt(customer.name_encrypted), personal.decrypt(customer.phone_encrypted)
    return CustomerView(
        customer_id=customer.id,
        ref=customer.ref,
        name=name,
        phone=phone,
        name_masked=personal.mask_name(name),
        phone_masked=personal.mask_phone(phone),
        language=customer.language,
        registered_at=customer.registered_at,
        erased_at=customer.erased_at,
    )

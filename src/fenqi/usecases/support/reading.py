"""What an agent has had before their eyes, so that the customer sees that it was read."""

from uuid import UUID

from fenqi.records.models import SupportThread
from fenqi.usecases.staff.permissions import Permission, Staff


def has_been_seen(staff: Staff, customer_id: UUID, thread_id: UUID, *, up_to: int) -> None:
    """The messages up to that number were read by staff. Raises NotPermitted."""
    staff.require(Permission.ANSWER_CUSTOMERS)
    threads = SupportThread.objects.filter(customer_id=customer_id, id=thread_id, staff_read_no__lt=up_to)
    threads.update(staff_read_no=up_to)

"""What a change that is not done yet would do to the plan as it is now."""

from datetime import datetime
from uuid import UUID

from fenqi.domain.hardship.changes import OPEN, ChangeKind, ChangeNotReady
from fenqi.usecases import plan_file
from fenqi.usecases.hardship.propose import Simulation, simulate_on, wanted_of
from fenqi.usecases.hardship.rows import find_change


def simulated_now(customer_id: UUID, change_id: UUID, *, now: datetime) -> Simulation:
    """Raises NotFound, ChangeNotReady, and what the plan as it is refuses."""
    change = find_change(customer_id, change_id)
    if change.state not in OPEN or change.kind == ChangeKind.EXTENSION:
        raise ChangeNotReady
    file = plan_file.read(customer_id, change.plan_id)
    return simulate_on(file, wanted_of(ChangeKind(change.kind), change.body), role="", now=now)

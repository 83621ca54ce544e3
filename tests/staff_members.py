"""Members of staff for the tests; the same name is the same person."""

from uuid import NAMESPACE_OID, uuid5

from fenqi.records.models import Role
from fenqi.usecases.staff.permissions import MAY, Staff


def finance(name: str) -> Staff:
    return _member(name, Role.FINANCE)


def agent(name: str = "agent") -> Staff:
    return _member(name, Role.AGENT)


def _member(name: str, role: Role) -> Staff:
    return Staff(account_id=uuid5(NAMESPACE_OID, name), username=name, role=role.value, permissions=MAY[role])

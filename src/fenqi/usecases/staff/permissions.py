"""What each role of staff may do: one table, and what it does not list is refused."""

from collections.abc import Mapping
from enum import StrEnum

from fenqi.domain.errors import FenqiError
from fenqi.records.models import Account, Role


class Permission(StrEnum):
    SEE_CUSTOMERS = "see_customers"
    REVEAL_PERSONAL_DATA = "reveal_personal_data"
    ASK_CHANNEL = "ask_channel"
    SEE_JOURNAL = "see_journal"
    SEE_REFUSED_CALLBACKS = "see_refused_callbacks"
    SEE_AUDIT = "see_audit"


MAY: Mapping[str, frozenset[Permission]] = {
    Role.AGENT: frozenset(
        {
            Permission.SEE_CUSTOMERS,
            Permission.REVEAL_PERSONAL_DATA,
            Permission.ASK_CHANNEL,
        }
    ),
    Role.FINANCE: frozenset(
        {
            Permission.SEE_CUSTOMERS,
            Permission.ASK_CHANNEL,
            Permission.SEE_JOURNAL,
            Permission.SEE_REFUSED_CALLBACKS,
        }
    ),
    Role.ADMIN: frozenset(Permission),
}


class NotPermitted(FenqiError):
    """The role does not allow it."""

    code = "not_permitted"
    status = 403
    zh = "你的角色不能做这件事。需要的话，请管理员调整你的角色。"
    en = "Your role does not allow this. If you need it, ask an admin to change your role."


def permissions_of(account: Account) -> frozenset[Permission]:
    """Nothing for consumers, for closed accounts and for roles that the table does not know."""
    if not (account.is_active and account.is_staff):
        return frozenset()
    return MAY.get(account.role, frozenset())


def require(account: Account, permission: Permission) -> None:
    """Raises NotPermitted."""
    if permission not in permissions_of(account):
        raise NotPermitted

"""What each role of staff may do: one table, and what it does not list is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from fenqi.domain.errors import FenqiError
from fenqi.records.models import Account, Role
from fenqi.usecases import audit


class Permission(StrEnum):
    SEE_CUSTOMERS = "see_customers"
    REVEAL_PERSONAL_DATA = "reveal_personal_data"
    ASK_CHANNEL = "ask_channel"
    END_AGREEMENTS = "end_agreements"
    SEE_JOURNAL = "see_journal"
    SEE_REFUSED_CALLBACKS = "see_refused_callbacks"
    SEE_AUDIT = "see_audit"
    ANSWER_CUSTOMERS = "answer_customers"
    PROPOSE_TRANSFER = "propose_transfer"
    APPROVE_TRANSFER = "approve_transfer"
    SEE_RECONCILIATION = "see_reconciliation"
    REPAIR_FINDINGS = "repair_findings"
    SEE_CONDITIONS = "see_conditions"
    EDIT_CONDITIONS = "edit_conditions"
    SEE_RECOVERY = "see_recovery"
    SEE_POLICIES = "see_policies"
    EDIT_POLICIES = "edit_policies"
    SEE_PARTNERS = "see_partners"
    EDIT_PARTNERS = "edit_partners"
    RELEASE_RESERVES = "release_reserves"
    PROPOSE_CAPTURE = "propose_capture"
    APPROVE_CAPTURE = "approve_capture"
    SEE_CASES = "see_cases"
    SEE_EVIDENCE = "see_evidence"
    APPLY_FOR_CUSTOMERS = "apply_for_customers"
    REVIEW_CASES = "review_cases"
    RECEIVE_GOODS = "receive_goods"
    SEE_COLLECTIONS = "see_collections"
    RECORD_PROMISES = "record_promises"
    RESCHEDULE_PLANS = "reschedule_plans"
    WAIVE_CHARGES = "waive_charges"
    CHARGE_OFF_PLANS = "charge_off_plans"
    APPROVE_PLAN_CHANGES = "approve_plan_changes"
    ANSWER_OBJECTIONS = "answer_objections"
    EXPORT_CREDIT_MARKS = "export_credit_marks"
    MOVE_PLANS = "move_plans"
    APPROVE_MOVES = "approve_moves"
    SEE_DAILY_CLOSE = "see_daily_close"
    RUN_DAILY_CLOSE = "run_daily_close"
    SEE_NOTICES = "see_notices"
    EDIT_NOTICE_TEMPLATES = "edit_notice_templates"
    EDIT_SAVED_ANSWERS = "edit_saved_answers"
    WRITE_TEXTS = "write_texts"
    PUBLISH_TEXTS = "publish_texts"
    SEE_ENTRIES = "see_entries"
    PLAN_CLOSINGS = "plan_closings"
    APPROVE_CLOSINGS = "approve_closings"
    MAKE_DISPUTE_FILES = "make_dispute_files"
    PROPOSE_PHONE_CHANGE = "propose_phone_change"
    APPROVE_PHONE_CHANGE = "approve_phone_change"


MAY: Mapping[str, frozenset[Permission]] = {
    Role.AGENT: frozenset(
        {
            Permission.SEE_CUSTOMERS,
            Permission.REVEAL_PERSONAL_DATA,
            Permission.ASK_CHANNEL,
            Permission.END_AGREEMENTS,
            Permission.ANSWER_CUSTOMERS,
            Permission.SEE_CONDITIONS,
            Permission.SEE_RECOVERY,
            Permission.SEE_POLICIES,
            Permission.SEE_CASES,
            Permission.SEE_EVIDENCE,
            Permission.APPLY_FOR_CUSTOMERS,
            Permission.REVIEW_CASES,
            Permission.RECEIVE_GOODS,
            Permission.SEE_COLLECTIONS,
            Permission.RECORD_PROMISES,
            Permission.RESCHEDULE_PLANS,
            Permission.WAIVE_CHARGES,
            Permission.ANSWER_OBJECTIONS,
            Permission.SEE_NOTICES,
            Permission.EDIT_SAVED_ANSWERS,
            Permission.WRITE_TEXTS,
            Permission.SEE_ENTRIES,
            Permission.MAKE_DISPUTE_FILES,
            Permission.PROPOSE_PHONE_CHANGE,
        }
    ),
    Role.FINANCE: frozenset(
        {
            Permission.SEE_CUSTOMERS,
            Permission.ASK_CHANNEL,
            Permission.SEE_JOURNAL,
            Permission.SEE_PARTNERS,
            Permission.EDIT_PARTNERS,
            Permission.SEE_REFUSED_CALLBACKS,
            Permission.PROPOSE_TRANSFER,
            Permission.APPROVE_TRANSFER,
            Permission.SEE_RECONCILIATION,
            Permission.REPAIR_FINDINGS,
            Permission.SEE_CONDITIONS,
            Permission.EDIT_CONDITIONS,
            Permission.SEE_RECOVERY,
            Permission.SEE_POLICIES,
            Permission.EDIT_POLICIES,
            Permission.SEE_CASES,
            Permission.RELEASE_RESERVES,
            Permission.PROPOSE_CAPTURE,
            Permission.APPROVE_CAPTURE,
            Permission.SEE_COLLECTIONS,
            Permission.RECORD_PROMISES,
            Permission.RESCHEDULE_PLANS,
            Permission.WAIVE_CHARGES,
            Permission.CHARGE_OFF_PLANS,
            Permission.APPROVE_PLAN_CHANGES,
            Permission.ANSWER_OBJECTIONS,
            Permission.EXPORT_CREDIT_MARKS,
            Permission.MOVE_PLANS,
            Permission.APPROVE_MOVES,
            Permission.SEE_DAILY_CLOSE,
            Permission.RUN_DAILY_CLOSE,
            Permission.SEE_NOTICES,
            Permission.EDIT_NOTICE_TEMPLATES,
            Permission.WRITE_TEXTS,
            Permission.PUBLISH_TEXTS,
            Permission.SEE_ENTRIES,
            Permission.PLAN_CLOSINGS,
            Permission.APPROVE_CLOSINGS,
            Permission.APPROVE_PHONE_CHANGE,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A member of staff who is signed in."""

    account_id: UUID
    username: str
    role: str
    permissions: frozenset[Permission]

    @property
    def actor(self) -> str:
        """As the audit names them."""
        return audit.staff(self.account_id)

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises NotPermitted."""
        if not self.may(permission):
            raise NotPermitted


def staff_member(user: object) -> Staff | None:
    """Whoever is signed in as staff: no visitor, no consumer, no closed account, no role that is not in the table."""
    if not isinstance(user, Account) or not user.is_active or user.role not in MAY:
        return None
    return Staff(account_id=user.id, username=user.username, role=user.role, permissions=MAY[user.role])

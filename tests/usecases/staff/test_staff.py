"""Sign-ins of staff, and what each role may do."""

import pytest
from click.testing import CliRunner
from django.contrib.auth.models import AnonymousUser

from fenqi.domain.errors import InvalidInput
from fenqi.interfaces.commands.staff import staff as command
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import Account, AuditRecord
from fenqi.usecases.staff.create import StaffTaken, WeakPassword, create_staff
from fenqi.usecases.staff.permissions import NotPermitted, Permission, staff_member
from malls import a_customer, noon

NOW = noon("2026-02-01")
PASSWORD = "three-blue-teapots-1987"

pytestmark = pytest.mark.django_db


def make(username: str = "lin", password: str = PASSWORD, role: str = "agent") -> Account:
    return create_staff(username=username, password=password, role=role, actor="system", now=NOW)


def test_the_roles_may_do_exactly_this() -> None:
    members = {role: staff_member(make(role, role=role)) for role in ROLES}
    may = {role: set(member.permissions) for role, member in members.items() if member}
    assert may == {
        "agent": {
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
            Permission.SEE_NOTICES,
            Permission.MAKE_DISPUTE_FILES,
            Permission.PROPOSE_PHONE_CHANGE,
            Permission.SEE_COLLECTIONS,
            Permission.RECORD_PROMISES,
            Permission.RESCHEDULE_PLANS,
            Permission.WAIVE_CHARGES,
            Permission.ANSWER_OBJECTIONS,
            Permission.EDIT_SAVED_ANSWERS,
            Permission.WRITE_TEXTS,
            Permission.SEE_ENTRIES,
        },
        "finance": {
            Permission.SEE_CUSTOMERS,
            Permission.ASK_CHANNEL,
            Permission.SEE_JOURNAL,
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
            Permission.SEE_PARTNERS,
            Permission.EDIT_PARTNERS,
            Permission.RELEASE_RESERVES,
            Permission.PROPOSE_CAPTURE,
            Permission.APPROVE_CAPTURE,
            Permission.APPROVE_PHONE_CHANGE,
            Permission.SEE_CASES,
            Permission.SEE_DAILY_CLOSE,
            Permission.RUN_DAILY_CLOSE,
            Permission.SEE_NOTICES,
            Permission.EDIT_NOTICE_TEMPLATES,
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
            Permission.WRITE_TEXTS,
            Permission.PUBLISH_TEXTS,
            Permission.SEE_ENTRIES,
            Permission.PLAN_CLOSINGS,
            Permission.APPROVE_CLOSINGS,
        },
        "admin": set(Permission),
    }


ROLES = ("agent", "finance", "admin")


def test_what_is_not_listed_is_refused() -> None:
    agent = staff_member(make())
    assert agent
    agent.require(Permission.SEE_CUSTOMERS)
    with pytest.raises(NotPermitted):
        agent.require(Permission.SEE_JOURNAL)


def test_nobody_else_is_staff() -> None:
    consumer = Account.objects.for_customer(a_customer("st-1"))
    closed, unknown_role = make("closed"), make("strange")
    closed.is_active = False
    unknown_role.role = "director"
    assert [staff_member(user) for user in (AnonymousUser(), None, consumer, closed, unknown_role)] == [None] * 5


def test_making_staff_is_written_down_and_the_password_is_not() -> None:
    account = make()
    assert account.check_password(PASSWORD)
    written = AuditRecord.objects.get(customer_id=HOUSE_ID, subject=f"staff:{account.id}")
    assert (written.action, written.reason) == ("staff_created", "agent")
    assert PASSWORD not in str(vars(written))


@pytest.mark.parametrize("password", ["short", "123456789012", "password1234", ""])
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        make(password=password)
    assert not Account.objects.exists()


@pytest.mark.parametrize("username", ["", "x", "Lin", "a b", "customer:1", "x" * 41, "林予"])
def test_a_name_that_could_be_mistaken_is_refused(username: str) -> None:
    with pytest.raises(InvalidInput):
        make(username)


@pytest.mark.parametrize("role", ["consumer", "director", ""])
def test_only_the_roles_of_staff_are_given(role: str) -> None:
    with pytest.raises(InvalidInput):
        make(role=role)


def test_a_name_is_given_once() -> None:
    make()
    with pytest.raises(StaffTaken):
        make()


def test_the_command_takes_the_password_from_the_environment() -> None:
    run = CliRunner().invoke(command, ["create", "chen", "--role", "finance"], env={"FENQI_STAFF_PASSWORD": PASSWORD})
    assert run.exit_code == 0, run.output
    assert PASSWORD not in run.output
    assert Account.objects.get(username="chen").role == "finance"


def test_the_command_asks_for_the_password_twice() -> None:
    run = CliRunner().invoke(command, ["create", "wu", "--role", "agent"], input=f"{PASSWORD}\n{PASSWORD}\n")
    assert run.exit_code == 0, run.output
    assert PASSWORD not in run.output

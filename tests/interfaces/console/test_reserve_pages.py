"""Staff see what is held, release it, and take overdue money only by two people."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from fenqi.domain.reserves import MoveState
from fenqi.records.identifiers import new_id
from fenqi.records.models import Account, AuditRecord, ReserveMove, Role
from fenqi.usecases import clock
from fenqi.usecases.reserves.release import release_by_staff
from fenqi.usecases.reserves.send import send_release
from held import Secured, frozen, frozen_on_card
from staff_members import finance
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now(town: Town) -> Iterator[datetime]:
    yield datetime.now(UTC)
    town.tell("faults/forget")


@pytest.fixture
def staff() -> Callable[..., Client]:
    def sign_in(name: str, role: Role = Role.FINANCE, language: str = "zh-hans") -> Client:
        account = Account.objects.create_staff(username=name, password=str(new_id()), role=role)
        client = Client(headers={"accept-language": language})
        client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def secured(town: Town, now: datetime) -> Secured:
    return frozen(town, now=now)


def address(secured: Secured, act: str) -> str:
    return f"/console/customers/{secured.customer_id}/reserves/{secured.hold_id}/{act}"


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "还有应还金额"), ("en", "something is still owed")])
def test_the_customers_page_says_what_is_held_and_why(
    secured: Secured, staff: Callable[..., Client], language: str, words: str
) -> None:
    page = staff("one", language=language).get(f"/console/customers/{secured.customer_id}").content.decode()
    assert secured.hold.auth_no in page
    assert words in page


def test_part_is_given_back_and_no_more_than_is_held(secured: Secured, staff: Callable[..., Client]) -> None:
    one = staff("one")
    said = {"amount": "200.00", "note": "客户要求提前退回"}
    assert one.post(address(secured, "release"), said).status_code == 302
    assert one.post(address(secured, "release"), {**said, "amount": "300.01"}).status_code == 409
    assert one.post(address(secured, "release"), {**said, "amount": "x"}).status_code == 422
    assert one.post(address(secured, "release"), {**said, "note": ""}).status_code == 422
    assert [move.amount_minor for move in secured.moves] == [20_000]
    acts = AuditRecord.objects.filter(customer_id=secured.customer_id, action="reserve_released")
    assert [act.reason for act in acts] == ["客户要求提前退回"]


def test_what_is_on_a_card_is_given_back_whole(town: Town, now: datetime, staff: Callable[..., Client]) -> None:
    secured = frozen_on_card(town, now=now)
    one = staff("one")
    page = one.get(f"/console/customers/{secured.customer_id}").content.decode()
    assert "银行卡上的备用金只能整笔退回：¥500.00" in page
    said = {"note": "客户要求提前退回"}
    part = one.post(address(secured, "release"), {**said, "amount": "200.00"})
    assert (part.status_code, "只能整笔解冻" in part.content.decode()) == (409, True)
    assert one.post(address(secured, "capture"), said).status_code == 422, "how much is to be said"
    assert one.post(address(secured, "release"), said).status_code == 302
    assert [move.amount_minor for move in secured.moves] == [50_000]


def test_a_capture_takes_two_people(secured: Secured, staff: Callable[..., Client]) -> None:
    one, other = staff("one"), staff("other")
    said = {"amount": "100", "note": "多次提醒未还"}
    assert one.post(address(secured, "capture"), said).status_code == 302
    (move,) = secured.moves
    base = f"/console/customers/{secured.customer_id}/reserve-moves/{move.id}"
    assert "由你提议" in one.get("/console/reserves").content.decode()
    assert one.post(f"{base}/approve").status_code == 409
    assert other.post(f"{base}/approve").status_code == 302
    assert secured.moves[0].state == MoveState.ANNOUNCED
    assert one.post(f"{base}/withdraw").status_code == 302
    assert other.post(f"{base}/approve").status_code == 409


def test_an_agent_sees_it_asks_about_it_and_moves_nothing(secured: Secured, staff: Callable[..., Client]) -> None:
    agent = staff("agent", Role.AGENT)
    page = agent.get(f"/console/customers/{secured.customer_id}").content.decode()
    assert secured.hold.reserve_no in page
    assert address(secured, "release") not in page
    assert agent.post(address(secured, "release"), {"amount": "1", "note": "想试试看"}).status_code == 403
    assert agent.post(address(secured, "capture"), {"amount": "1", "note": "想试试看"}).status_code == 403
    assert agent.get("/console/reserves").status_code == 403
    answer = agent.post(address(secured, "check"), follow=True)
    assert "一致" in answer.content.decode()


def test_the_queue_shows_late_releases_and_holds_that_end(
    town: Town, secured: Secured, staff: Callable[..., Client], now: datetime
) -> None:
    one = staff("one")
    assert "没有需要处理的备用金" in one.get("/console/reserves").content.decode()
    move_id = release_by_staff(
        secured.customer_id, secured.hold_id, amount=100, note="先退一点", staff=finance("zhao"), now=now
    )
    town.order("release", "reset")
    send_release(secured.customer_id, move_id, now=now)
    ReserveMove.objects.filter(customer_id=secured.customer_id, id=move_id).update(created_at=now - timedelta(days=2))
    page = one.get("/console/reserves").content.decode()
    assert "退回超时" in page
    assert secured.hold.auth_no in page
    with clock.stopped(datetime(2027, 1, 28, tzinfo=UTC)):
        assert "1/31 前到期" in staff("later").get("/console/reserves").content.decode()


def test_somebody_elses_reserve_is_not_found(secured: Secured, staff: Callable[..., Client]) -> None:
    wrong = f"/console/customers/{new_id()}/reserves/{secured.hold_id}"
    for act in ("release", "capture", "check"):
        assert staff(act).post(f"{wrong}/{act}", {"amount": "1", "note": "写错了客户"}).status_code == 404

"""The account's own pages, as the customer and as staff see them, from the button to the file."""

import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from uuid import UUID

import pytest
from django.http.response import HttpResponseBase
from django.test import Client

from fenqi.config.signer import new_signer
from fenqi.interfaces.jobs import accounts as jobs
from fenqi.records.identifiers import new_id
from fenqi.records.models import Account, AuditRecord, Customer, MadeFile, OutboxMessage, Role
from fenqi.usecases import outbox, rate_limits
from fenqi.usecases.accounts import closing
from fenqi.usecases.customers import find_customer_by_phone
from malls import a_customer, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "17000000941", "17000000942"
BACKEND = "django.contrib.auth.backends.ModelBackend"
SIGNER = new_signer()
TASKS: dict[str, Callable[..., None]] = {
    outbox.SEND_ACCOUNT_CODE: jobs.send_account_code,
    outbox.ACCOUNT_NEWS: jobs.account_news,
    outbox.MAKE_FILE: jobs.make_file,
}


@pytest.fixture(autouse=True)
def _fresh(settings: object) -> Iterator[None]:
    settings.FENQI_RECORDS_SIGNER = SIGNER  # type: ignore[attr-defined]  # pytest-django's settings
    rate_limits.forget()
    yield
    rate_limits.forget()


def deliver(customer_id: UUID) -> None:
    for message in OutboxMessage.objects.filter(customer_id=customer_id, done_at=None, topic__in=list(TASKS)):
        TASKS[message.topic](customer_id=str(customer_id), **message.body)
        OutboxMessage.objects.filter(customer_id=customer_id, id=message.id).update(done_at=datetime.now(UTC))


def signed_in(customer_id: UUID, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(Account.objects.for_customer(customer_id), backend=BACKEND)
    return client


def member(role: Role) -> Client:
    account = Account.objects.create_staff(username=f"{role}-{new_id()}", password=str(new_id()), role=role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(account, backend=BACKEND)
    return client


def code_on(town: Town, number: str) -> str:
    return str(town.messages(number)[0]["params"]["code"])


def content(answer: HttpResponseBase) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # a file's answer is streamed


@pytest.mark.requirement("R006", "R007")
def test_the_phone_is_changed_on_its_page(town: Town) -> None:
    customer_id = a_customer("c-page", phone=OLD)
    client = signed_in(customer_id)
    assert 'href="/me/phone"' in client.get("/me").content.decode()
    assert client.post("/me/phone", {"send": "", "phone": "12"}).status_code == 422
    page = client.post("/me/phone", {"send": "", "phone": NEW}).content.decode()
    assert 'id="old_code"' in page
    assert "170****0942" in page
    deliver(customer_id)
    typed = {"bind": "", "phone": NEW, "old_code": code_on(town, OLD), "new_code": "000000"}
    refused = client.post("/me/phone", typed)
    assert refused.status_code == 422
    assert "验证码不对" in refused.content.decode()
    done = client.post("/me/phone", typed | {"new_code": code_on(town, NEW)})
    assert done.headers["Location"] == "/sign-in"
    assert find_customer_by_phone(NEW) == customer_id
    assert client.get("/me").status_code == 302


@pytest.mark.requirement("R178", "R179")
def test_a_copy_of_all_data_is_fetched_with_a_fresh_code_only(town: Town) -> None:
    plan = bought()
    Customer.objects.filter(id=plan.customer_id).update(**_phone(OLD))
    client = signed_in(plan.customer_id)
    assert client.post("/me/data", {"make": "", "code": "123456"}).status_code == 422
    client.post("/me/data", {"send": ""})
    deliver(plan.customer_id)
    assert client.post("/me/data", {"make": "", "code": code_on(town, OLD)}).status_code == 302
    assert "正在生成" in client.get("/me/data").content.decode()
    deliver(plan.customer_id)
    (link,) = re.findall(r"/files/[0-9a-f-]{36}", client.get("/me/data").content.decode())
    answer = client.get(link)
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    with zipfile.ZipFile(BytesIO(content(answer))) as archive:
        assert "data/me.json" in archive.namelist()
    assert signed_in(bought().customer_id).get(link).status_code == 404


def _phone(number: str) -> dict[str, object]:
    from fenqi.records import personal

    return {"phone_encrypted": personal.encrypt(number), "phone_index": personal.phone_index(number)}


@pytest.mark.requirement("R079", "R179")
def test_a_dispute_file_is_had_from_the_records_of_the_order_and_from_the_console(town: Town) -> None:
    plan = bought()
    client = signed_in(plan.customer_id, "en")
    records = f"/orders/{plan.order_id}/records"
    assert client.post(f"/orders/{plan.order_id}/file").headers["Location"] == records
    assert "Being made" in client.get(records).content.decode()
    deliver(plan.customer_id)
    (link,) = re.findall(r"/files/[0-9a-f-]{36}", client.get(records).content.decode())
    assert zipfile.ZipFile(BytesIO(content(client.get(link)))).testzip() is None
    assert b"BEGIN CERTIFICATE" in Client().get("/verify/certificate.pem").content
    agent = member(Role.AGENT)
    account = f"/console/customers/{plan.customer_id}/account"
    ask = f"/console/customers/{plan.customer_id}/orders/{plan.order_id}/file"
    assert agent.post(ask, {"reason": "x"}).status_code == 422
    assert agent.post(ask, {"reason": "complaint 12315-0042"}).headers["Location"] == account
    deliver(plan.customer_id)
    page = agent.get(account).content.decode()
    (link,) = re.findall(r"/console/customers/[0-9a-f-]{36}/files/[0-9a-f-]{36}", page)
    assert zipfile.ZipFile(BytesIO(content(agent.get(link)))).testzip() is None
    acts = AuditRecord.objects.filter(customer_id=plan.customer_id, reason="complaint 12315-0042")
    assert set(acts.values_list("action", flat=True)) == {"dispute_file_made", "dispute_file_fetched"}
    assert member(Role.FINANCE).get(link).status_code == 403
    assert member(Role.AGENT).get(link).status_code == 404
    assert MadeFile.objects.filter(customer_id=plan.customer_id).count() == 2


@pytest.mark.requirement("R178")
def test_an_account_is_closed_on_its_page_and_the_console_says_so(town: Town) -> None:
    customer_id = a_customer("c-goes", name="陈小云", phone=OLD)
    client = signed_in(customer_id, "en")
    assert "can be closed" in client.get("/me/close").content.decode()
    assert client.post("/me/close", {"send": ""}).status_code == 422
    client.post("/me/close", {"send": "", "agree": "on"})
    deliver(customer_id)
    assert client.post("/me/close", {"close": "", "agree": "on", "code": "000000"}).status_code == 422
    assert client.post("/me/close", {"close": "", "agree": "on", "code": code_on(town, OLD)}).status_code == 302
    assert "take it back until then" in client.get("/me/close").content.decode()
    deliver(customer_id)
    assert "CLOSING_ASKED" in town.messages(OLD)[0]["template_code"]
    view = closing.closing_under_way(customer_id)
    assert view is not None
    closing.close_due(now=view.takes_effect_at)
    assert client.get("/me").status_code == 302
    admin = member(Role.ADMIN)
    for page in (f"/console/customers/{customer_id}", f"/console/customers/{customer_id}/account"):
        shown = admin.get(page).content.decode()
        assert "This customer closed the account on" in shown
        assert "陈" not in shown


@pytest.mark.requirement("R007")
def test_a_lost_phone_goes_through_two_people_in_the_console(town: Town) -> None:
    customer_id = a_customer("c-lost", name="陈小云", phone=OLD)
    agent, finance = member(Role.AGENT), member(Role.FINANCE)
    address = f"/console/customers/{customer_id}/phone"
    assert finance.post(address, {"send": "", "phone": NEW}).status_code == 403
    assert agent.post(address, {"send": "", "phone": NEW}).status_code == 200
    deliver(customer_id)
    typed = {"propose": "", "phone": NEW, "code": code_on(town, NEW), "checked": ""}
    assert agent.post(address, typed).status_code == 422
    assert agent.post(address, typed | {"checked": "两笔还款和一张订单都对上了"}).status_code == 302
    assert NEW not in agent.get(f"/console/customers/{customer_id}/account").content.decode()
    waiting = finance.get("/console/phone-changes").content.decode()
    assert f"/console/customers/{customer_id}/account" in waiting
    page = finance.get(f"/console/customers/{customer_id}/account").content.decode()
    (approve,) = re.findall(r'action="([^"]+/approve)"', page)
    assert agent.post(approve).status_code == 403
    assert finance.post(approve).status_code == 302
    deliver(customer_id)
    assert "PHONE_CHANGE_ANNOUNCED" in town.messages(OLD)[0]["template_code"]
    stop = approve.replace("/approve", "/stop")
    assert agent.post(stop, {"why": "the customer found the phone"}).status_code == 302
    assert find_customer_by_phone(OLD) == customer_id

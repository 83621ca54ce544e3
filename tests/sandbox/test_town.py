"""The town as a whole: control, the phones, and what outlives a process."""

import os
import signal
import stat
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox_town import Merchant, Sandbox, running_sandbox

PLAIN_SMS = {"PhoneNumbers": "13800138000", "SignName": "商城", "TemplateCode": "T"}


@pytest.mark.parametrize(
    "order",
    [
        {"operation": "refund", "kind": "drop"},
        {"operation": "nothing", "kind": "hang"},
        {"operation": "query", "kind": "code"},
        {"operation": "query", "kind": "slow", "value": "601"},
        {"operation": "query", "kind": "slow", "value": "soon"},
        {"operation": "query", "kind": "hang", "times": 0},
        {"kind": "hang"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(sandbox: Sandbox, order: dict[str, object]) -> None:
    answer = sandbox.http.post(f"{sandbox.url}/control/api/faults", json=order)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_control_takes_json_only_and_one_host_name_only(sandbox: Sandbox) -> None:
    form = sandbox.http.post(f"{sandbox.url}/control/api/faults/forget", data={"a": "b"})
    assert form.status_code == 415
    rebound = sandbox.http.get(f"{sandbox.url}/control", headers={"Host": "evil.example"})
    assert rebound.status_code == 400


@pytest.mark.parametrize("public_key", ["", "no key"])
def test_only_a_public_key_can_be_registered(sandbox: Sandbox, public_key: str) -> None:
    body = {"app_id": "1", "seller_id": "2", "public_key": public_key}
    assert sandbox.http.post(f"{sandbox.url}/control/api/alipay/register", json=body).status_code == 400


def test_an_unknown_trade_or_action_is_not_found(merchant: Merchant, sandbox: Sandbox) -> None:
    number = merchant.opened()
    for path in ("nobody/confirm", f"{number}/steal"):
        assert sandbox.http.post(f"{sandbox.url}/control/api/trades/{path}", json={}).status_code == 404
    assert sandbox.http.post(f"{sandbox.url}/control/api/trades/{number}/finish", json={}).status_code == 409


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "IncompleteSignature"),
        (f"ACS3-HMAC-SHA256 Credential=nobody,SignedHeaders=host,Signature={'0' * 64}", "InvalidAccessKeyId.NotFound"),
    ],
)
def test_an_unsigned_message_is_not_taken(sandbox: Sandbox, authorization: str, code: str) -> None:
    answer = sandbox.http.post(sandbox.url, params=PLAIN_SMS, headers={"Authorization": authorization})
    assert answer.status_code >= 400
    assert answer.json()["Code"] == code
    assert sandbox.messages("13800138000") == []


@pytest.mark.parametrize("path", ["/", "/sms", "/sms?phone=13800138000", "/control"])
def test_each_page_opens_and_calls_itself_a_sandbox(sandbox: Sandbox, path: str) -> None:
    page = sandbox.http.get(f"{sandbox.url}{path}")
    assert page.status_code == 200
    assert "沙箱" in page.text


def test_the_page_orders_what_the_api_orders(merchant: Merchant, sandbox: Sandbox) -> None:
    with sandbox.browser() as browser:
        token = browser.get("/control").text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        fields = {"csrfmiddlewaretoken": token}
        order = {**fields, "operation": "query", "kind": "code", "value": "ACQ.SYSTEM_ERROR", "times": "5"}
        assert browser.post("/control/order", data=order).status_code == 302
        assert "还剩" in browser.get("/control").text
        number = merchant.opened()
        assert merchant.call("alipay.trade.query", {"out_trade_no": number})["sub_code"] == "ACQ.SYSTEM_ERROR"
        assert browser.post("/control/forget", data=fields).status_code == 302
        assert browser.post("/control/act", data={**fields, "number": number, "action": "confirm"}).is_redirect
        assert browser.post("/control/order", data=fields).status_code == 400
    assert merchant.call("alipay.trade.query", {"out_trade_no": number})["trade_status"] == "TRADE_SUCCESS"


def test_everything_outlives_the_process_and_stays_private(tmp_path: Path, merchants_key: RSAPrivateKey) -> None:
    folder = tmp_path / "town"
    with running_sandbox(folder) as first:
        number = Merchant(first, merchants_key).register().opened()
        first.act(number, "confirm")
    with running_sandbox(folder) as second:
        asked = Merchant(second, merchants_key).call("alipay.trade.query", {"out_trade_no": number})
        assert asked["trade_status"] == "TRADE_SUCCESS"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_killed_town_remembers_what_it_answered(tmp_path: Path, merchants_key: RSAPrivateKey) -> None:
    with running_sandbox(tmp_path / "town") as first:
        number = Merchant(first, merchants_key).register().opened()
        first.act(number, "confirm")
        os.kill(first.process_id, signal.SIGKILL)
        with pytest.raises(httpx.HTTPError):
            first.trade(number)
    with running_sandbox(tmp_path / "town") as second:
        assert second.trade(number)["status"] == "TRADE_SUCCESS"

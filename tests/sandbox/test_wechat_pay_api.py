"""WeChat Pay's counterparty refuses what the real one refuses, asked by a merchant who signs for itself."""

import base64
import gzip
import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from sandbox_town import Receiver, Sandbox, until

MCHID, APPID, SERIAL, APIV3_KEY = "1900000007", "wx0000000000000007", "A7", "7" * 32


@dataclass
class WechatMerchant:
    """A merchant registered with the town."""

    sandbox: Sandbox
    key: RSAPrivateKey
    public_key: str = ""
    public_key_id: str = ""
    plan_id: int = 0

    def register(self) -> "WechatMerchant":
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        merchant = {"mchid": MCHID, "appid": APPID, "serial_no": SERIAL, "apiv3_key": APIV3_KEY}
        answer = self.sandbox.tell("wechat_pay/register", **merchant, public_key=pem)
        self.public_key, self.public_key_id = answer["public_key"], answer["public_key_id"]
        self.plan_id = answer["plan_id"]
        return self

    def sign(self, text: str, key: RSAPrivateKey | None = None) -> str:
        return base64.b64encode((key or self.key).sign(text.encode(), PKCS1v15(), SHA256())).decode()

    def send(self, method: str, path: str, body: object = None, **wrong: Any) -> httpx.Response:
        """A call as it should be, but for what is `wrong`: mchid, serial, timestamp, key, signed_path, headers."""
        content = json.dumps(body, ensure_ascii=False).encode() if body is not None else b""
        timestamp, nonce = str(wrong.get("timestamp", int(time.time()))), secrets.token_hex(8)
        signed = f"{method}\n{wrong.get('signed_path', path)}\n{timestamp}\n{nonce}\n{content.decode()}\n"
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "test",
            "Authorization": (
                f'WECHATPAY2-SHA256-RSA2048 mchid="{wrong.get("mchid", MCHID)}",nonce_str="{nonce}",'
                f'signature="{self.sign(signed, wrong.get("key"))}",timestamp="{timestamp}",'
                f'serial_no="{wrong.get("serial", SERIAL)}"'
            ),
            **wrong.get("headers", {}),
        }
        return self.sandbox.http.request(method, f"{self.sandbox.url}{path}", content=content, headers=headers)

    def order(self, **changes: object) -> dict[str, object]:
        body = {
            "appid": APPID,
            "mchid": MCHID,
            "description": "第 1 期",
            "out_trade_no": secrets.token_hex(8),
            "notify_url": "https://mall.example/notify",
            "amount": {"total": 88_80, "currency": "CNY"},
            "scene_info": {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}},
        }
        return {**body, **changes}

    def ordered(self, **changes: object) -> str:
        order = self.order(**changes)
        assert self.send("POST", "/v3/pay/transactions/h5", order).status_code == 200
        return str(order["out_trade_no"])

    def paid(self, **changes: object) -> str:
        number = self.ordered(**changes)
        self.sandbox.act(number, "confirm")
        return number

    def query(self, number: str) -> httpx.Response:
        return self.send("GET", f"/v3/pay/transactions/out-trade-no/{number}?mchid={MCHID}")

    def refund(self, number: str, fen: int, refund_no: str = "", total: int = 88_80) -> httpx.Response:
        amount = {"refund": fen, "total": total, "currency": "CNY"}
        body = {"out_trade_no": number, "out_refund_no": refund_no or secrets.token_hex(8), "amount": amount}
        return self.send("POST", "/v3/refund/domestic/refunds", body)


@pytest.fixture(scope="module")
def wechat_merchant(sandbox: Sandbox, merchants_key: RSAPrivateKey) -> WechatMerchant:
    return WechatMerchant(sandbox, merchants_key).register()


@pytest.fixture(autouse=True)
def _no_faults_are_left(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.tell("faults/forget")
    sandbox.tell("clock", offset_seconds=0)


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["code"])


def holds(answer: httpx.Response, public_key: Any) -> bool:
    """Whether the answer's own signature does; raises InvalidSignature when it does not."""
    headers = answer.headers
    text = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n{answer.text}\n"
    public_key.verify(base64.b64decode(headers["Wechatpay-Signature"]), text.encode(), PKCS1v15(), SHA256())
    return True


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"mchid": "1900000404"}, (404, "MCH_NOT_EXISTS")),
        ({"serial": "B8"}, (401, "SIGN_ERROR")),
        ({"timestamp": 1}, (401, "SIGN_ERROR")),
        ({"timestamp": int(time.time()) + 86_400}, (401, "SIGN_ERROR")),
        ({"timestamp": "soon"}, (401, "SIGN_ERROR")),
        ({"signed_path": "/v3/pay/transactions/out-trade-no/number01"}, (401, "SIGN_ERROR")),
        ({"key": generate_private_key(public_exponent=65537, key_size=2048)}, (401, "SIGN_ERROR")),
        ({"headers": {"Authorization": ""}}, (401, "SIGN_ERROR")),
        ({"headers": {"Authorization": "Bearer x"}}, (401, "SIGN_ERROR")),
        ({"headers": {"User-Agent": ""}}, (400, "PARAM_ERROR")),
        ({"headers": {"Accept": "text/html"}}, (400, "PARAM_ERROR")),
    ],
)
def test_a_call_that_is_not_signed_as_it_should_be_is_refused(
    wechat_merchant: WechatMerchant, wrong: dict[str, Any], refusal: tuple[int, str]
) -> None:
    path = f"/v3/pay/transactions/out-trade-no/number01?mchid={MCHID}"
    answer = wechat_merchant.send("GET", path, **wrong)
    assert said(answer) == refusal
    assert "Wechatpay-Signature" not in answer.headers


def test_a_changed_body_is_refused(wechat_merchant: WechatMerchant, sandbox: Sandbox) -> None:
    signed = wechat_merchant.send("POST", "/v3/pay/transactions/h5", wechat_merchant.order()).request
    changed = signed.content.replace(b"8880", b"0001")
    answer = sandbox.http.post(str(signed.url), content=changed, headers=signed.headers)
    assert said(answer) == (401, "SIGN_ERROR")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"appid": "wx1"}, "APPID_MCHID_NOT_MATCH"),
        ({"mchid": "1900000001"}, "APPID_MCHID_NOT_MATCH"),
        ({"out_trade_no": "short"}, "PARAM_ERROR"),
        ({"out_trade_no": "x" * 33}, "PARAM_ERROR"),
        ({"out_trade_no": None}, "PARAM_ERROR"),
        ({"description": ""}, "PARAM_ERROR"),
        ({"description": "长" * 128}, "PARAM_ERROR"),
        ({"amount": {"total": 0, "currency": "CNY"}}, "PARAM_ERROR"),
        ({"amount": {"total": "8880"}}, "PARAM_ERROR"),
        ({"amount": {"total": 1.5}}, "PARAM_ERROR"),
        ({"amount": {"total": 1, "currency": "USD"}}, "PARAM_ERROR"),
        ({"notify_url": "https://mall.example/notify?a=1"}, "PARAM_ERROR"),
        ({"notify_url": "ftp://mall.example"}, "PARAM_ERROR"),
        ({"time_expire": "2026-01-01T00:00:00+08:00"}, "PARAM_ERROR"),
        ({"time_expire": "2026-01-01 00:00:00"}, "PARAM_ERROR"),
        ({"scene_info": {"payer_client_ip": "127.0.0.1"}}, "PARAM_ERROR"),
        ({"scene_info": {"h5_info": {"type": "Wap"}}}, "PARAM_ERROR"),
    ],
)
def test_an_order_that_cannot_be_is_refused(
    wechat_merchant: WechatMerchant, changes: dict[str, object], code: str
) -> None:
    answer = wechat_merchant.send("POST", "/v3/pay/transactions/h5", wechat_merchant.order(**changes))
    assert said(answer) == (400, code)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"\xff"])
def test_a_body_that_is_no_object_is_refused(wechat_merchant: WechatMerchant, sandbox: Sandbox, body: bytes) -> None:
    number = wechat_merchant.order()
    timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
    text = body.decode(errors="replace")
    signature = wechat_merchant.sign(f"POST\n/v3/pay/transactions/native\n{timestamp}\n{nonce}\n{text}\n")
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": "test",
        "Authorization": (
            f'WECHATPAY2-SHA256-RSA2048 mchid="{MCHID}",nonce_str="{nonce}",signature="{signature}",'
            f'timestamp="{timestamp}",serial_no="{SERIAL}"'
        ),
    }
    answer = sandbox.http.post(f"{sandbox.url}/v3/pay/transactions/native", content=body, headers=headers)
    assert said(answer) == (400, "PARAM_ERROR")
    assert number


def test_a_number_takes_the_same_parameters_only_and_one_product_only(wechat_merchant: WechatMerchant) -> None:
    order = wechat_merchant.order()
    first, again = (wechat_merchant.send("POST", "/v3/pay/transactions/h5", order) for _ in range(2))
    assert first.json() == again.json()
    dearer = {**order, "amount": {"total": 1, "currency": "CNY"}}
    assert said(wechat_merchant.send("POST", "/v3/pay/transactions/h5", dearer)) == (403, "OUT_TRADE_NO_USED")
    assert said(wechat_merchant.send("POST", "/v3/pay/transactions/native", order)) == (403, "OUT_TRADE_NO_USED")


def test_answers_are_signed_by_the_key_the_caller_names_else_by_certificate(wechat_merchant: WechatMerchant) -> None:
    number = wechat_merchant.ordered()
    path = f"/v3/pay/transactions/out-trade-no/{number}?mchid={MCHID}"
    by_key = wechat_merchant.send("GET", path, headers={"Wechatpay-Serial": wechat_merchant.public_key_id})
    assert by_key.headers["Wechatpay-Serial"] == wechat_merchant.public_key_id
    assert holds(by_key, load_pem_public_key(wechat_merchant.public_key.encode()))

    listed = wechat_merchant.send("GET", "/v3/certificates").json()["data"][0]
    encrypted = listed["encrypt_certificate"]
    pem = AESGCM(APIV3_KEY.encode()).decrypt(
        encrypted["nonce"].encode(), base64.b64decode(encrypted["ciphertext"]), encrypted["associated_data"].encode()
    )
    by_certificate = wechat_merchant.query(number)
    assert by_certificate.headers["Wechatpay-Serial"] == listed["serial_no"]
    assert holds(by_certificate, load_pem_x509_certificate(pem).public_key())


def test_an_order_goes_through_the_real_states(wechat_merchant: WechatMerchant, sandbox: Sandbox) -> None:
    assert said(wechat_merchant.query("nobody0001")) == (404, "ORDER_NOT_EXIST")
    number = wechat_merchant.ordered()
    assert wechat_merchant.query(number).json()["trade_state"] == "NOTPAY"
    sandbox.act(number, "confirm")
    paid = wechat_merchant.query(number).json()
    assert (paid["trade_state"], paid["amount"]["payer_total"]) == ("SUCCESS", 88_80)
    by_id = wechat_merchant.send("GET", f"/v3/pay/transactions/id/{paid['transaction_id']}?mchid={MCHID}")
    assert by_id.json()["out_trade_no"] == number
    close = wechat_merchant.send("POST", f"/v3/pay/transactions/out-trade-no/{number}/close", {"mchid": MCHID})
    assert said(close) == (400, "ORDERPAID")
    wechat_merchant.refund(number, 1)
    assert wechat_merchant.query(number).json()["trade_state"] == "REFUND"


def test_refunds_are_never_more_than_was_paid_whoever_asks_at_once(
    wechat_merchant: WechatMerchant, sandbox: Sandbox
) -> None:
    number = wechat_merchant.paid()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: wechat_merchant.refund(number, 60_00), range(8)))
    accepted = [answer for answer in answers if answer.status_code == 200]
    assert len(accepted) == 1
    assert {said(answer)[1] for answer in answers if answer not in accepted} <= {"FREQUENCY_LIMITED", "INVALID_REQUEST"}
    until(lambda: said(wechat_merchant.refund(number, 60_00))[1] == "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("fen", "total", "refusal"),
    [
        (88_81, 88_80, (400, "INVALID_REQUEST")),
        (1, 88_79, (400, "INVALID_REQUEST")),
        (0, 88_80, (400, "PARAM_ERROR")),
    ],
)
def test_a_refund_that_does_not_fit_its_order_is_refused(
    wechat_merchant: WechatMerchant, fen: int, total: int, refusal: tuple[int, str]
) -> None:
    assert said(wechat_merchant.refund(wechat_merchant.paid(), fen, total=total)) == refusal


def test_an_order_that_is_unpaid_or_older_than_a_year_is_not_refunded(
    wechat_merchant: WechatMerchant, sandbox: Sandbox
) -> None:
    assert said(wechat_merchant.refund(wechat_merchant.ordered(), 1)) == (404, "RESOURCE_NOT_EXISTS")
    assert said(wechat_merchant.refund("nobody0001", 1)) == (404, "RESOURCE_NOT_EXISTS")
    number = wechat_merchant.paid()
    sandbox.tell("clock", offset_seconds=timedelta(days=366).total_seconds())
    assert said(wechat_merchant.refund(number, 1)) == (400, "TRADE_OVERDUE")


def test_two_refunds_of_one_order_keep_their_distance(wechat_merchant: WechatMerchant, sandbox: Sandbox) -> None:
    number = wechat_merchant.paid()
    wechat_merchant.refund(number, 1)
    sandbox.tell("clock", offset_seconds=-1)  # the pause of a minute is short in this town
    assert said(wechat_merchant.refund(number, 1)) == (429, "FREQUENCY_LIMITED")


def test_a_fee_returns_in_parts_to_the_fen(wechat_merchant: WechatMerchant, sandbox: Sandbox) -> None:
    number = wechat_merchant.paid()  # 0.60 % of 88.80 is 0.53
    for fen in (29_60, 29_60, 29_60):
        until(lambda part=fen: wechat_merchant.refund(number, part).status_code == 200)  # type: ignore[misc]
    sandbox.tell("clock", offset_seconds=86_400)
    today = (datetime.now(UTC) + timedelta(hours=8)).date()
    path = f"/v3/bill/tradebill?bill_date={today}&bill_type=ALL&tar_type=GZIP"
    url = wechat_merchant.send("GET", path).json()["download_url"]
    bill = wechat_merchant.send("GET", url.removeprefix(sandbox.url))
    assert "Wechatpay-Signature" not in bill.headers
    lines = [line.split(",") for line in gzip.decompress(bill.content).decode().splitlines()]
    fees = [line[22].strip("`") for line in lines if number in "".join(line)]
    assert fees == ["0.53000", "-0.18000", "-0.17000", "-0.18000"]


@pytest.mark.parametrize("action", ["confirm", "refuse"])
def test_the_notification_is_sent_on_success_only_until_it_is_taken(
    wechat_merchant: WechatMerchant, sandbox: Sandbox, receiver: Receiver, action: str
) -> None:
    receiver.status = 500
    number = wechat_merchant.ordered(notify_url=receiver.url)
    sandbox.act(number, action)
    if action == "refuse":
        assert sandbox.trade(number)["notifications"] == []
        return
    first, second = receiver.wait_for(2)[:2]
    assert first.body == second.body
    assert first.headers["wechatpay-nonce"] != second.headers["wechatpay-nonce"]
    receiver.status = 204
    until(lambda: sandbox.trade(number)["notifications"][0]["state"] == "done")


def test_what_can_be_done_to_refunds_and_contracts_can_be_done(
    wechat_merchant: WechatMerchant, sandbox: Sandbox
) -> None:
    sandbox.order("refund", "processing", channel="wechat_pay")
    number, refund_no = wechat_merchant.paid(), secrets.token_hex(8)
    wechat_merchant.refund(number, 1, refund_no)
    assert sandbox.ask(f"refunds/{refund_no}")["status"] == "PROCESSING"
    assert sandbox.tell(f"refunds/{refund_no}/settle")["status"] == "SUCCESS"
    again = sandbox.http.post(f"{sandbox.url}/control/api/refunds/{refund_no}/settle", json={})
    assert again.status_code == 409
    assert sandbox.tell(f"refunds/{refund_no}/abnormal")["status"] == "ABNORMAL"  # the bank sent it back


class TestPages:
    """What the payer sees and does."""

    def press(self, payer: httpx.Client, page: str, button: str, **fields: str) -> httpx.Response:
        token = payer.get(page).text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        return payer.post(f"{page}/{button}", data={"csrfmiddlewaretoken": token, **fields})

    @pytest.fixture
    def payer(self, sandbox: Sandbox) -> httpx.Client:
        return sandbox.browser()

    def test_each_way_to_fail_leaves_the_merchant_with_notpay(
        self, wechat_merchant: WechatMerchant, sandbox: Sandbox, payer: httpx.Client
    ) -> None:
        number = wechat_merchant.ordered()
        page = sandbox.trade(number)["cashier"]
        ways = payer.get(page).text.split('<option value="')[1:]
        assert len(ways) == 7
        for way in ways:
            code = way.split('"')[0]
            if code == "LOST":
                continue
            assert "付款没有成功" in self.press(payer, page, "refuse", code=code).text
            assert wechat_merchant.query(number).json()["trade_state"] == "NOTPAY"
        assert sandbox.trade(number)["notifications"] == []

    def test_a_payer_whose_network_breaks_has_paid_and_nobody_is_told(
        self, wechat_merchant: WechatMerchant, sandbox: Sandbox, payer: httpx.Client
    ) -> None:
        number = wechat_merchant.ordered()
        self.press(payer, sandbox.trade(number)["cashier"], "refuse", code="LOST")
        assert wechat_merchant.query(number).json()["trade_state"] == "SUCCESS"
        assert sandbox.trade(number)["notifications"] == []

    def test_an_order_is_paid_once_and_a_closed_one_never(
        self, wechat_merchant: WechatMerchant, sandbox: Sandbox, payer: httpx.Client
    ) -> None:
        number = wechat_merchant.ordered()
        page = sandbox.trade(number)["cashier"]
        token = payer.get(page).text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        back = {"csrfmiddlewaretoken": token, "redirect_url": "https://mall.example/back"}
        first, second = (payer.post(f"{page}/confirm", data=back) for _ in range(2))
        assert first.headers["Location"] == "https://mall.example/back"
        assert (second.status_code, "已经付过款" in second.text) == (400, True)
        closed = wechat_merchant.ordered()
        wechat_merchant.send("POST", f"/v3/pay/transactions/out-trade-no/{closed}/close", {"mchid": MCHID})
        assert "订单已关闭" in payer.get(sandbox.trade(closed)["cashier"]).text

    def test_only_web_addresses_are_gone_back_to(
        self, wechat_merchant: WechatMerchant, sandbox: Sandbox, payer: httpx.Client
    ) -> None:
        page = sandbox.trade(wechat_merchant.ordered())["cashier"]
        back = self.press(payer, page, "leave", redirect_url="javascript:alert(1)")
        assert back.headers["Location"] == page

    def test_another_site_cannot_press_the_button_and_texts_are_texts(
        self, wechat_merchant: WechatMerchant, sandbox: Sandbox, payer: httpx.Client
    ) -> None:
        number = wechat_merchant.ordered(description="<script>alert(1)")
        page = sandbox.trade(number)["cashier"]
        assert payer.post(f"{page}/confirm").status_code == 403
        assert "<script>" not in payer.get(page).text
        assert "<script>" not in payer.get("/control").text

    @pytest.mark.parametrize("path", ["/wechat/scan", "/wechat/scan?code=weixin://wxpay/bizpayurl?pr=x"])
    def test_the_camera_reads_codes_of_wechat_pay_only(self, payer: httpx.Client, path: str) -> None:
        page = payer.get(path)
        assert page.status_code in {200, 400}
        assert "沙箱" in page.text

    @pytest.mark.parametrize("path", ["/wechat/cashier/nobody", "/wechat/h5?prepay_id=x", "/wechat/contract/nobody"])
    def test_what_is_not_there_is_not_found(self, payer: httpx.Client, path: str) -> None:
        assert payer.get(path).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"public_key": "no key"}, {"apiv3_key": "short"}, {"signs_with": "hand"}, {"mchid": ""}]
)
def test_only_a_whole_merchant_can_be_registered(
    wechat_merchant: WechatMerchant, sandbox: Sandbox, wrong: dict[str, str]
) -> None:
    body = {
        "mchid": "1900000008",
        "appid": APPID,
        "serial_no": SERIAL,
        "apiv3_key": APIV3_KEY,
        "public_key": wechat_merchant.public_key,
    }
    answer = sandbox.http.post(f"{sandbox.url}/control/api/wechat_pay/register", json={**body, **wrong})
    assert answer.status_code == 400


def test_serial_numbers_are_numbers_however_they_are_written(wechat_merchant: WechatMerchant) -> None:
    path = f"/v3/pay/transactions/out-trade-no/{wechat_merchant.ordered()}?mchid={MCHID}"
    assert wechat_merchant.send("GET", path, serial=SERIAL.lower()).status_code == 200

"""The cards' gateway refuses what the real one refuses, and what the mall's own adapter would never ask."""

import base64
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from stdnum import luhn

from sandbox_town import Receiver, Sandbox, until

BEIJING = timezone(timedelta(hours=8))


@dataclass
class CardMerchant:
    """A merchant who signs for itself, apart from the mall's own code."""

    sandbox: Sandbox
    key: RSAPrivateKey
    mer_id: str = "898000000000077"

    def register(self) -> "CardMerchant":
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self.known: dict[str, str] = self.sandbox.tell("bank_card/register", mer_id=self.mer_id, public_key=pem)
        return self

    def signed(self, txn: str, **changes: str) -> dict[str, str]:
        txn_type, sub_type = txn.split("/")
        fields = {
            "version": "5.1.0",
            "encoding": "UTF-8",
            "signMethod": "01",
            "txnType": txn_type,
            "txnSubType": sub_type,
            "bizType": "000902",
            "accessType": "0",
            "channelType": "07",
            "merId": self.mer_id,
            "certId": self.known["cert_id"],
            "orderId": secrets.token_hex(8),
            "txnTime": f"{datetime.now(UTC).astimezone(BEIJING):%Y%m%d%H%M%S}",
            **changes,
        }
        text = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value)
        digest = hashlib.sha256(text.encode()).hexdigest().encode()
        signature = base64.b64encode(self.key.sign(digest, padding.PKCS1v15(), SHA256())).decode()
        return {**fields, "signature": signature}

    def send(self, fields: dict[str, str], path: str = "backTransReq") -> dict[str, str]:
        text = self.sandbox.http.post(f"{self.sandbox.url}/gateway/api/{path}.do", data=fields).text
        answer = dict(pair.split("=", 1) for pair in text.split("&") if "=" in pair)
        assert answer["signature"]
        return answer

    def call(self, txn: str, **changes: str) -> dict[str, str]:
        return self.send(self.signed(txn, **changes))

    def query(self, **changes: str) -> dict[str, str]:
        return self.send(self.signed("00/00", **changes), "queryTrans")

    def card(self, number: str = "", phone: str = "13900139000", **more: str) -> dict[str, str]:
        encryption = load_pem_x509_certificate(self.known["encryption_cert"].encode())
        key = encryption.public_key()
        assert isinstance(key, RSAPublicKey)

        def hidden(text: str) -> str:
            return base64.b64encode(key.encrypt(text.encode(), padding.PKCS1v15())).decode()

        info = {"customerNm": "李四", **more, "encryptedInfo": hidden(f"phoneNo={phone}")}
        pairs = "{" + "&".join(f"{name}={value}" for name, value in info.items()) + "}"
        return {
            "accNo": hidden(number or new_number()),
            "customerInfo": base64.b64encode(pairs.encode()).decode(),
            "encryptCertId": str(encryption.serial_number),
        }

    def bound(self, number: str = "") -> str:
        """A token, of a card of this number."""
        order, phone = secrets.token_hex(8), f"139{secrets.randbelow(10**8):08}"
        number = number or new_number()
        assert self.call("77/00", orderId=order, **self.card(number, phone))["respCode"] == "00"
        code = self.sandbox.messages(phone)[0]["params"]["code"]
        pay_data = f"{{trId={self.known['token_requestor']}&tokenType=01}}"
        fields = self.signed("79/00", orderId=order, tokenPayData=pay_data, **self.card(number, phone, smsCode=code))
        text = self.sandbox.http.post(f"{self.sandbox.url}/gateway/api/backTransReq.do", data=fields).text
        return text.split("{token=")[1].split("&")[0]

    def debit(self, token: str, fen: str = "1000", **changes: str) -> dict[str, str]:
        fields: dict[str, str] = {
            "txnAmt": fen,
            "currencyCode": "156",
            "tokenPayData": f"{{token={token}&trId={self.known['token_requestor']}}}",
            "payTimeout": f"{datetime.now(UTC).astimezone(BEIJING) + timedelta(minutes=15):%Y%m%d%H%M%S}",
            **changes,
        }
        return self.call("01/01", **fields)

    def paid(self, token: str, fen: str = "1000") -> str:
        """The query id of a debit that was made."""
        answer = self.debit(token, fen)
        names = ("orderId", "txnTime")
        asked = {name: answer[name] for name in names}
        until(lambda: self.query(**asked)["origRespCode"] == "00")
        return answer["queryId"]

    def frozen(self, token: str, fen: str = "1000", **changes: str) -> dict[str, str]:
        """The answer to a pre-authorisation that the bank has decided."""
        fields: dict[str, str] = {
            "txnAmt": fen,
            "currencyCode": "156",
            "tokenPayData": f"{{token={token}&trId={self.known['token_requestor']}}}",
            "payTimeout": f"{datetime.now(UTC).astimezone(BEIJING) + timedelta(minutes=15):%Y%m%d%H%M%S}",
            **changes,
        }
        answer = self.call("02/01", **fields)
        if answer["respCode"] == "00":
            asked = {name: answer[name] for name in ("orderId", "txnTime")}
            until(lambda: self.query(**asked)["origRespCode"] != "05")
        return answer

    def end(self, txn: str, query_id: str, fen: str = "1000", **changes: str) -> str:
        """What is said to a void (32/00) or a completion (03/00)."""
        fields = {"origQryId": query_id, "txnAmt": fen, "currencyCode": "156", **changes}
        return self.call(txn, **fields)["respCode"]

    def refund(self, query_id: str, fen: str, **changes: str) -> str:
        answer = self.call("04/00", origQryId=query_id, txnAmt=fen, currencyCode="156", **changes)
        return answer["respCode"]


def new_number() -> str:
    body = f"621700{secrets.randbelow(10**12):012}"
    return body + luhn.calc_check_digit(body)


@pytest.fixture(scope="session")
def acquirer(sandbox: Sandbox, merchants_key: RSAPrivateKey) -> CardMerchant:
    return CardMerchant(sandbox, merchants_key).register()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"txnTime": "20260101000000"}, "10"),
        ({"txnTime": "now"}, "10"),
        ({"merId": "898000000000099"}, "31"),
        ({"certId": "1"}, "11"),
        ({"version": "5.0.0"}, "10"),
        ({"signMethod": "11"}, "10"),
        ({"bizType": ""}, "13"),
        ({"txnType": "99"}, "32"),
        ({"encryptCertId": "1"}, "11"),
        ({"txnAmt": "0"}, "10"),
        ({"txnAmt": "10.00"}, "10"),
        ({"currencyCode": "840"}, "10"),
        ({"orderId": "a-b-c-d-e"}, "10"),
        ({"tokenPayData": "{token=1&trId=1}"}, "40"),
        ({"payTimeout": "20260101000000"}, "10"),
    ],
)
def test_a_wrong_call_is_refused_by_its_code(acquirer: CardMerchant, changes: dict[str, str], code: str) -> None:
    assert acquirer.debit("6200000000000000000", **changes)["respCode"] == code


def test_only_the_registered_key_signs(acquirer: CardMerchant, sandbox: Sandbox) -> None:
    stranger = CardMerchant(sandbox, generate_private_key(public_exponent=65537, key_size=2048))
    stranger.known = acquirer.known
    assert stranger.query()["respCode"] == "11"
    signed = acquirer.signed("00/00")
    assert acquirer.send({**signed, "orderId": "another000"}, "queryTrans")["respCode"] == "11"


def test_every_call_has_its_own_address(acquirer: CardMerchant) -> None:
    assert acquirer.send(acquirer.signed("00/00"))["respCode"] == "32"
    assert acquirer.send(acquirer.signed("01/01"), "queryTrans")["respCode"] == "32"
    assert acquirer.sandbox.http.get(f"{acquirer.sandbox.url}/gateway/api/queryTrans.do").status_code == 405


@pytest.mark.parametrize("number", ["6217001234567890", "62170", "abc"])
def test_a_number_that_is_none_is_bound_to_nothing(acquirer: CardMerchant, number: str) -> None:
    assert acquirer.call("77/00", **acquirer.card(number))["respCode"] == "61"


def test_what_is_not_sealed_is_not_read(acquirer: CardMerchant) -> None:
    assert acquirer.call("77/00", **{**acquirer.card(), "accNo": new_number()})["respCode"] == "10"
    assert acquirer.call("77/00", **{**acquirer.card(), "customerInfo": "e30="})["respCode"] == "10"


def test_an_unknown_trade_is_not_found_and_another_merchants_neither(
    acquirer: CardMerchant, sandbox: Sandbox, merchants_key: RSAPrivateKey
) -> None:
    made = acquirer.debit(acquirer.bound())
    asked = {name: made[name] for name in ("orderId", "txnTime")}
    assert acquirer.query(**asked)["respCode"] == "00"
    assert acquirer.query()["respCode"] == "34"
    other = CardMerchant(sandbox, merchants_key, mer_id="898000000000078").register()
    assert other.query(**asked)["respCode"] == "34"


def test_a_token_belongs_to_the_merchant_who_bound_it(
    acquirer: CardMerchant, sandbox: Sandbox, merchants_key: RSAPrivateKey
) -> None:
    token = acquirer.bound()
    other = CardMerchant(sandbox, merchants_key, mer_id="898000000000079").register()
    assert other.debit(token)["respCode"] == "40"
    pay_data = f"{{token={token}&trId={other.known['token_requestor']}}}"
    assert other.call("74/01", tokenPayData=pay_data)["respCode"] == "40"
    assert acquirer.debit(token)["respCode"] == "00"


def test_refunds_at_the_same_moment_never_exceed_the_payment(acquirer: CardMerchant) -> None:
    query_id = acquirer.paid(acquirer.bound(), "8880")
    with ThreadPoolExecutor(6) as pool:
        said = sorted(pool.map(lambda _: acquirer.refund(query_id, "3000"), range(6)))
    assert said == ["00"] * 2 + ["36"] * 4


def test_debits_at_the_same_moment_never_take_more_than_there_is(acquirer: CardMerchant, sandbox: Sandbox) -> None:
    number = new_number()
    token = acquirer.bound(number)
    sandbox.tell("bank_card/cards", number=number, balance="25.00")
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: acquirer.debit(token, "1000"), range(6)))
    asked = [{name: one[name] for name in ("orderId", "txnTime")} for one in made]
    until(lambda: all(acquirer.query(**one)["origRespCode"] != "05" for one in asked))
    assert sorted(acquirer.query(**one)["origRespCode"] for one in asked) == ["00"] * 2 + ["64"] * 4


def test_an_unpaid_debit_and_a_refund_have_nothing_to_refund(acquirer: CardMerchant, sandbox: Sandbox) -> None:
    number = new_number()
    token = acquirer.bound(number)
    query_id = acquirer.paid(token)
    assert acquirer.refund(query_id, "100", orderId="refund00000000001") == "00"
    refund = sandbox.ask("refunds/refund00000000001")
    assert acquirer.refund(refund["query_id"], "1") == "35"
    sandbox.tell("bank_card/cards", number=number, balance="0")
    unpaid = acquirer.debit(token)
    assert acquirer.refund(unpaid["queryId"], "1") == "35"


def test_the_files_call_needs_a_day(acquirer: CardMerchant) -> None:
    for day in ("", "1332", "0230", "today"):
        assert acquirer.send(acquirer.signed("76/01", settleDate=day), "fileTransfer")["respCode"] == "10"


def test_a_tester_sets_a_card_on_its_page(acquirer: CardMerchant, sandbox: Sandbox) -> None:
    number = new_number()
    with sandbox.browser() as browser:
        page = browser.get("/bank_card/cards")
        assert page.status_code == 200
        csrf = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        form: dict[str, Any] = {"csrfmiddlewaretoken": csrf, "number": number, "balance": "10.00", "refusal": "78"}
        assert browser.post("/bank_card/cards/set", data=form).status_code == 302
        shown = browser.get("/bank_card/cards").text
        for wrong in ({"number": "123"}, {"balance": "ten"}, {"refusal": "nonsense"}, {"limit": "-1"}):
            assert browser.post("/bank_card/cards/set", data={**form, **wrong}).status_code == 400
    assert number[-4:] in shown
    assert number not in shown
    assert acquirer.call("77/00", **acquirer.card(number))["respCode"] == "78"


def test_the_town_keeps_no_card_number(acquirer: CardMerchant, receiver: Receiver) -> None:
    number = new_number()
    answer = acquirer.debit(acquirer.bound(number), backUrl=receiver.url)
    told = receiver.wait_for(1)[0].body.decode()
    asked = acquirer.query(orderId=answer["orderId"], txnTime=answer["txnTime"])
    for text in (told, str(asked), acquirer.sandbox.http.get(f"{acquirer.sandbox.url}/control").text):
        assert number not in text


def test_a_page_of_another_site_sets_no_card(sandbox: Sandbox) -> None:
    assert sandbox.http.post(f"{sandbox.url}/bank_card/cards/set", data={"number": new_number()}).status_code == 403
    url = f"{sandbox.url}/control/api/bank_card/cards"
    assert sandbox.http.post(url, data={"number": new_number()}).status_code == 415
    with pytest.raises(httpx.HTTPStatusError):
        sandbox.tell("bank_card/cards", number="123")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"txnTime": "20260101000000"}, "10"),
        ({"txnAmt": "0"}, "10"),
        ({"txnAmt": "10.00"}, "10"),
        ({"currencyCode": "840"}, "10"),
        ({"tokenPayData": "{token=1&trId=1}"}, "40"),
        ({"payTimeout": "20260101000000"}, "10"),
        ({"certId": "1"}, "11"),
    ],
)
def test_a_wrong_pre_authorisation_is_refused_by_its_code(
    acquirer: CardMerchant, changes: dict[str, str], code: str
) -> None:
    assert acquirer.frozen("6200000000000000000", **changes)["respCode"] == code


def test_a_pre_authorisation_takes_off_what_is_available_and_is_no_money(acquirer: CardMerchant) -> None:
    number = new_number()
    token = acquirer.bound(number)
    acquirer.sandbox.tell("bank_card/cards", number=number, balance="15.00")
    held = acquirer.frozen(token)
    short = acquirer.frozen(token, "501")
    assert acquirer.query(orderId=short["orderId"], txnTime=short["txnTime"])["origRespCode"] == "64"
    assert held["orderId"] not in acquirer.sandbox.ask("moved")
    assert acquirer.refund(held["queryId"], "1") == "35", "nothing was paid"
    same = {name: held[name] for name in ("orderId", "txnTime")}
    assert acquirer.frozen(token, "999", **same)["respCode"] == "12", "the number is another's"


@pytest.mark.parametrize(("fen", "code"), [("1150", "00"), ("1151", "36")])
def test_no_more_than_115_per_cent_is_completed(acquirer: CardMerchant, fen: str, code: str) -> None:
    held = acquirer.frozen(acquirer.bound())
    assert acquirer.end("03/00", held["queryId"], fen, orderId=f"over{held['orderId']}") == code
    if code == "00":
        until(lambda: acquirer.sandbox.trade(held["orderId"])["captured_fen"] == 1150)


def test_a_pre_authorisation_ends_once(acquirer: CardMerchant) -> None:
    token = acquirer.bound()
    void, complete, gone = (acquirer.frozen(token) for _ in range(3))
    assert acquirer.end("32/00", void["queryId"], "999") == "36", "a void is of the whole sum"
    assert acquirer.end("32/00", "202611230853178523142") == "35"
    assert acquirer.end("32/00", void["queryId"]) == "00"
    assert acquirer.end("03/00", complete["queryId"], "400") == "00"
    acquirer.sandbox.act(gone["orderId"], "lapse")
    until(lambda: acquirer.sandbox.trade(void["orderId"])["rest_fen"] == 0)
    until(lambda: acquirer.sandbox.trade(complete["orderId"])["rest_fen"] == 0)
    said = [(acquirer.end(txn, one["queryId"])) for txn in ("32/00", "03/00") for one in (void, complete, gone)]
    assert said == ["45", "35", "35"] * 2
    assert acquirer.sandbox.trade(complete["orderId"])["released_fen"] == 600
    for action in ("lapse", "pay_late"):
        with pytest.raises(httpx.HTTPStatusError):
            acquirer.sandbox.act(void["orderId"], action)


def test_ends_at_the_same_moment_end_it_once(acquirer: CardMerchant) -> None:
    held = acquirer.frozen(acquirer.bound())
    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(lambda txn: acquirer.end(txn, held["queryId"]), ["32/00", "03/00"] * 3))
    assert said.count("00") == 1
    assert set(said) <= {"00", "35", "45"}


def test_a_pre_authorisation_belongs_to_the_merchant_who_made_it(
    acquirer: CardMerchant, sandbox: Sandbox, merchants_key: RSAPrivateKey
) -> None:
    held = acquirer.frozen(acquirer.bound())
    other = CardMerchant(sandbox, merchants_key, mer_id="898000000000080").register()
    assert other.end("32/00", held["queryId"]) == "35"
    assert other.end("03/00", held["queryId"]) == "35"

"""The daily bill: what was paid and refunded that day, and nothing from a file that cannot be believed."""

import secrets
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from charges import refund_of
from fenqi.channels.alipay import AlipayChannel, AlipayConfig
from fenqi.channels.alipay.bills import AlipayBills
from fenqi.channels.alipay.wire import beijing_day
from fenqi.channels.bill_frames import BILL_COLUMNS
from fenqi.channels.bills import BillNotReady, BillRefused, BillSource
from fenqi.channels.interface import ChargeRequest
from fenqi.channels.transport import NoAnswer
from fenqi.domain.money import Money
from sandbox_town import Sandbox

DAY_SECONDS = 24 * 3600
NOWHERE = "http://127.0.0.1:9/notify"


@dataclass(frozen=True)
class Shop:
    """A merchant of its own, so that its bill holds nothing else."""

    config: AlipayConfig
    bills: AlipayBills
    day: date
    full: ChargeRequest
    """1000.00 paid, then refunded in two parts."""
    small: ChargeRequest
    """0.05 paid."""


@pytest.fixture(scope="module")
def shop(sandbox: Sandbox) -> Iterator[Shop]:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    told = sandbox.tell("alipay/register", app_id="9021000000000077", seller_id="2088000000000077", public_key=pem)
    config = AlipayConfig.from_environ(
        {
            "FENQI_ALIPAY_APP_ID": "9021000000000077",
            "FENQI_ALIPAY_SELLER_ID": "2088000000000077",
            "FENQI_ALIPAY_PRIVATE_KEY": pem_of(key),
            "FENQI_ALIPAY_PUBLIC_KEY": told["alipay_public_key"],
            "FENQI_ALIPAY_GATEWAY": told["gateway"],
        }
    )
    assert config
    alipay, day = AlipayChannel(config), beijing_day(datetime.now(UTC))
    full, small = paid(alipay, sandbox, 1000_00), paid(alipay, sandbox, 5)
    for number, fen in (("refund0001", 333_33), ("refund0002", 666_67)):
        assert alipay.refund(refund_of(full, fen, number)).amount == Money(fen, "CNY")
    yield Shop(config, AlipayBills(config), day, full, small)
    sandbox.tell("clock")


@pytest.fixture(autouse=True)
def _tomorrow(sandbox: Sandbox, shop: Shop) -> Iterator[None]:
    sandbox.tell("clock", offset_seconds=DAY_SECONDS + 600)
    yield
    sandbox.tell("clock")
    sandbox.tell("faults/forget")


def pem_of(key: object) -> str:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    assert isinstance(key, RSAPrivateKey)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def paid(alipay: AlipayChannel, sandbox: Sandbox, fen: int) -> ChargeRequest:
    charge = ChargeRequest(
        out_trade_no=secrets.token_hex(12),
        amount=Money(fen, "CNY"),
        subject="第 5 期还款，手机, 黑色",
        notify_url=NOWHERE,
        return_url=NOWHERE,
        submitted_at=datetime.now(UTC),
        expires_at=datetime.now(UTC) + timedelta(minutes=10),
    )
    with sandbox.browser() as browser:
        browser.get(alipay.start(charge).url, follow_redirects=True)
    sandbox.act(charge.out_trade_no, "confirm")
    return charge


def fetched(shop: Shop, folder: Path) -> Path:
    path = shop.bills.fetch_bill(shop.day, folder=folder)
    assert path
    return path


def lines_of(shop: Shop, path: Path, day: date | None = None) -> pl.DataFrame:
    return pl.concat(shop.bills.read_bill(path, day=day or shop.day))


def refusal_of(shop: Shop, path: Path, day: date | None = None) -> str:
    with pytest.raises(BillRefused) as refused:
        lines_of(shop, path, day)
    assert refused.value.text("zh").endswith("没有入账任何内容。")
    return refused.value.text("en")


def rewritten(path: Path, change: dict[str, str]) -> Path:
    """The same archive with words of its tables replaced."""
    other = path.with_name("rewritten.zip")
    with zipfile.ZipFile(path, metadata_encoding="gbk") as archive, zipfile.ZipFile(other, "w") as copy:
        for info in archive.infolist():
            text = archive.read(info).decode("gb18030")
            for old, new in change.items():
                assert old in text or "汇总" in info.filename
                text = text.replace(old, new)
            copy.writestr(info.filename, text.encode("gb18030"))
    return other


def test_it_is_a_source_of_bills(shop: Shop) -> None:
    assert isinstance(shop.bills, BillSource)


def test_each_payment_and_refund_is_a_line_in_our_words(shop: Shop, tmp_path: Path) -> None:
    bill = lines_of(shop, fetched(shop, tmp_path))
    assert dict(bill.schema) == dict(BILL_COLUMNS)
    ours = [shop.full.out_trade_no, shop.small.out_trade_no]  # the day may have other shops' lines
    bill = bill.filter(pl.col("number").is_in(ours) | pl.col("original_no").is_in(ours))
    named = bill.select("kind", "number", "original_no", "amount_minor", "fee_minor", "state").rows()
    assert named == [
        ("payment", shop.full.out_trade_no, "", 1000_00, 6_00, "succeeded"),
        ("payment", shop.small.out_trade_no, "", 5, 0, "succeeded"),
        ("refund", "refund0001", shop.full.out_trade_no, 333_33, -2_00, "succeeded"),
        ("refund", "refund0002", shop.full.out_trade_no, 666_67, -4_00, "succeeded"),
    ]
    assert all(at.date() in {shop.day, shop.day - timedelta(days=1)} for at in bill["at"])
    assert bill["channel_no"].n_unique() == 2


def test_a_day_without_anything_has_no_bill(shop: Shop, tmp_path: Path, sandbox: Sandbox) -> None:
    assert shop.bills.fetch_bill(shop.day - timedelta(days=3), folder=tmp_path) is None
    sandbox.order("bill", "empty")
    assert shop.bills.fetch_bill(shop.day, folder=tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "fault", [("creating", ""), ("code", "SYSTEM_RATE_LIMIT"), ("code", "isp.USER_RATE_LIMIT"), ("code", "20000")]
)
def test_a_bill_that_is_not_there_yet_is_asked_for_later(
    shop: Shop, tmp_path: Path, sandbox: Sandbox, fault: tuple[str, str]
) -> None:
    sandbox.order("bill", *fault)
    with pytest.raises(BillNotReady):
        shop.bills.fetch_bill(shop.day, folder=tmp_path)


def test_the_bill_of_a_day_that_is_not_over_is_not_there(shop: Shop, tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.tell("clock")
    with pytest.raises(BillNotReady):
        shop.bills.fetch_bill(shop.day, folder=tmp_path)


@pytest.mark.parametrize("kind", ["reset", "http_500", "wrong_signature", "unsigned"])
def test_an_answer_that_cannot_be_believed_fetches_nothing(
    shop: Shop, tmp_path: Path, sandbox: Sandbox, kind: str
) -> None:
    sandbox.order("bill", kind)
    with pytest.raises(NoAnswer):
        shop.bills.fetch_bill(shop.day, folder=tmp_path)


def test_a_merchant_whom_alipay_refuses_is_told_why(shop: Shop, tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.order("bill", "code", "isv.invalid-arguments")
    with pytest.raises(BillRefused, match="invalid-arguments"):
        shop.bills.fetch_bill(shop.day, folder=tmp_path)


@pytest.mark.parametrize(
    ("kind", "lines", "total"),
    [
        ("missing_row", 3, 1000_05),
        ("extra_row", 5, 3000_05),
        ("wrong_amount", 4, 2000_06),
        ("doubled_row", 5, 3000_05),
        ("bom", 4, 2000_05),
    ],
)
def test_what_differs_from_our_books_is_read_as_it_stands(
    shop: Shop, tmp_path: Path, sandbox: Sandbox, *, kind: str, lines: int, total: int
) -> None:
    sandbox.order("bill", kind)
    bill = lines_of(shop, fetched(shop, tmp_path))
    assert (bill.height, bill["amount_minor"].sum()) == (lines, total)


@pytest.mark.parametrize(("kind", "problem"), [("torn", "torn"), ("other_day", "another day")])
def test_a_torn_bill_or_one_of_another_day_is_refused(
    shop: Shop, tmp_path: Path, sandbox: Sandbox, kind: str, problem: str
) -> None:
    sandbox.order("bill", kind)
    assert problem in refusal_of(shop, fetched(shop, tmp_path))


def test_a_bill_of_another_merchant_or_day_is_refused(shop: Shop, tmp_path: Path) -> None:
    path = fetched(shop, tmp_path)
    assert "another day" in refusal_of(shop, path, shop.day + timedelta(days=1))
    stranger = replace(shop.config, seller_id="2088000000000099")
    with pytest.raises(BillRefused, match="another account"):
        list(AlipayBills(stranger).read_bill(path, day=shop.day))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"商家实收共1000.05元": "商家实收共1000.06元"}, "add up"),
        ({"#交易合计：2笔": "#交易合计：3笔"}, "add up"),
        ({"商家实收共-1000.00元": "商家实收共1000.00元"}, "add up"),
        ({"#交易合计": "#合计"}, "summary is missing"),
        ({"订单金额（元）": "金额"}, "no column 订单金额"),
        ({"\r\n#----": "\r\n----"}, "no column 业务类型"),
        ({",退款\t,": ",分账\t,"}, "unknown kind"),
        ({",0.05\t,0.05\t,": ",much\t,0.05\t,"}, "cannot be read"),
    ],
)
def test_a_bill_that_does_not_hold_together_is_refused(
    shop: Shop, tmp_path: Path, change: dict[str, str], problem: str
) -> None:
    assert problem in refusal_of(shop, rewritten(fetched(shop, tmp_path), change))


def test_columns_are_found_by_their_names(shop: Shop, tmp_path: Path) -> None:
    path = rewritten(fetched(shop, tmp_path), {"支付宝交易号,商户订单号": "商户订单号,支付宝交易号"})
    bill = lines_of(shop, path)
    assert bill["channel_no"][0] == shop.full.out_trade_no


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all" * 100])
def test_what_is_no_archive_is_refused(shop: Shop, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bill.zip"
    path.write_bytes(content)
    assert "torn" in refusal_of(shop, path)


def test_a_cut_archive_is_refused(shop: Shop, tmp_path: Path) -> None:
    path = fetched(shop, tmp_path)
    path.write_bytes(path.read_bytes()[:-40])
    assert "torn" in refusal_of(shop, path)


def test_lines_are_read_in_pieces(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fetched(shop, tmp_path)
    whole = lines_of(shop, path)
    for size in (1, 7, 200, 1000):
        monkeypatch.setattr("fenqi.channels.alipay.bills.CHUNK_BYTES", size)
        assert lines_of(shop, path).equals(whole)


def test_an_address_works_for_a_short_time_only(shop: Shop, sandbox: Sandbox) -> None:
    assert sandbox.http.get(f"{sandbox.url}/alipay/bill/nobody").status_code == 403

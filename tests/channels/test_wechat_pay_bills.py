"""The daily bill: the sandbox's real file, the shapes it has had over the years, and what is not believed."""

import gzip
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.channels.bill_frames import BILL_COLUMNS
from fenqi.channels.bills import BillNotReady, BillRefused, BillSource
from fenqi.channels.interface import ChargeRef, ChargeRequest, RefundRequest
from fenqi.channels.transport import NoAnswer, NotSent
from fenqi.channels.wechat_pay import WechatPayChannel, WechatPayConfig
from fenqi.channels.wechat_pay.bills import WechatPayBills
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome
from sandbox_town import Sandbox, until

DAY = date(2026, 9, 24)
ALL = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
PAID = (
    "`2026-09-24 10:00:00,`wx12,`{mchid},`0,`,`42001,`PAYMENT001,`o1,`NATIVE,`SUCCESS,`BANK,`CNY,`9.40,`0.50,`0,`0,"
    "`0.00,`0.00,`,`,`手机\\ 分期,`,`0.05940,`0.60%,`9.90,`0.00,`"
)
REFUNDED = (
    "`2026-09-24 23:59:59,`wx12,`{mchid},`0,`,`42001,`PAYMENT001,`o1,`NATIVE,`REFUND,`BANK,`CNY,`0.00,`0.00,`50301,"
    "`REFUND0001,`4.50,`0.00,`ORIGINAL,`{state},`,`,`-0.02970,`0.60%,`0.00,`4.95,`"
)
TOTALS = "`2,`9.40,`4.50,`0.00,`0.02970,`9.90,`4.95"

Write = Callable[..., Path]


@pytest.fixture
def bills(wechat_config: WechatPayConfig) -> WechatPayBills:
    return WechatPayBills(wechat_config)


@pytest.fixture
def write(tmp_path: Path, wechat_config: WechatPayConfig) -> Write:
    def written(*lines: str, state: str = "SUCCESS", end: str = "\r\n", mark: str = "", zipped: bool = False) -> Path:
        filled = [line.replace("{mchid}", wechat_config.mchid).replace("{state}", state) for line in lines]
        content = f"{mark}{end.join(filled)}{end}".encode()
        path = tmp_path / f"{secrets.token_hex(4)}.csv"
        path.write_bytes(gzip.compress(content) if zipped else content)
        return path

    return written


@pytest.fixture
def today() -> date:
    return (datetime.now(UTC) + timedelta(hours=8)).date()


@pytest.fixture
def refunded(wechat: WechatPayChannel, wechat_paid: ChargeRequest) -> RefundRequest:
    """Part of a payment that was given back, today."""
    charge = ChargeRef(
        out_trade_no=wechat_paid.out_trade_no, amount=wechat_paid.amount, submitted_at=wechat_paid.submitted_at
    )
    request = RefundRequest(
        charge=charge,
        out_request_no=secrets.token_hex(10),
        amount=Money(100_00, "CNY"),
        reason="退货",
        notify_url=wechat_paid.notify_url,
        submitted_at=datetime.now(UTC),
    )
    wechat.refund(request)
    until(lambda: wechat.query_refund(request).outcome is Outcome.SUCCEEDED)
    return request


@pytest.fixture
def next_day(refunded: RefundRequest, sandbox: Sandbox) -> Iterator[RefundRequest]:
    """The town is a day further: today's bill can be had."""
    sandbox.tell("clock", offset_seconds=86_400)
    yield refunded
    sandbox.tell("clock", offset_seconds=0)
    sandbox.tell("faults/forget")


def read(bills: WechatPayBills, path: Path, day: date = DAY) -> pl.DataFrame:
    return pl.concat(bills.read_bill(path, day=day))


def problem_of(bills: WechatPayBills, path: Path, day: date = DAY) -> str:
    with pytest.raises(BillRefused) as refusal:
        read(bills, path, day)
    return str(refusal.value.text("en"))


def test_payments_and_refunds_are_read_in_our_words(bills: WechatPayBills, write: Write) -> None:
    lines = read(bills, write(ALL, PAID, REFUNDED, SUMMARY, TOTALS))
    assert dict(lines.schema) == dict(BILL_COLUMNS)
    payment, refund = lines.to_dicts()
    assert payment == {
        "kind": "payment",
        "number": "PAYMENT001",
        "channel_no": "42001",
        "original_no": "",
        "amount_minor": 9_90,
        "fee_minor": 6,
        "at": datetime(2026, 9, 24, 2, tzinfo=UTC),
        "state": "succeeded",
    }
    assert refund == {
        "kind": "refund",
        "number": "REFUND0001",
        "channel_no": "50301",
        "original_no": "PAYMENT001",
        "amount_minor": 4_95,
        "fee_minor": -3,
        "at": datetime(2026, 9, 24, 15, 59, 59, tzinfo=UTC),
        "state": "succeeded",
    }


@pytest.mark.parametrize(
    ("state", "said"), [("SUCCESS", "succeeded"), ("PROCESSING", "waiting"), ("FAIL", "failed"), ("CHANGE", "failed")]
)
def test_each_state_of_a_refund_is_read(bills: WechatPayBills, write: Write, state: str, said: str) -> None:
    lines = read(bills, write(ALL, PAID, REFUNDED, SUMMARY, TOTALS, state=state))
    assert lines["state"].to_list() == ["succeeded", said]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("zipped", [True, False])
def test_line_ends_marks_and_zipping_change_nothing(
    bills: WechatPayBills, write: Write, *, end: str, mark: str, zipped: bool
) -> None:
    path = write(ALL, PAID, REFUNDED, SUMMARY, TOTALS, end=end, mark=mark, zipped=zipped)
    assert read(bills, path)["amount_minor"].to_list() == [9_90, 4_95]


@given(order=st.permutations(ALL.split(",")))
def test_columns_are_found_by_name_wherever_they_are(
    bills_and_write: tuple[WechatPayBills, Write], order: list[str]
) -> None:
    bills, write = bills_and_write
    names = ALL.split(",")

    def moved(line: str) -> str:
        values = dict(zip(names, line.split(","), strict=True))
        return ",".join(values[name] for name in order)

    lines = read(bills, write(",".join(order), moved(PAID), moved(REFUNDED), SUMMARY, TOTALS))
    assert lines["amount_minor"].to_list() == [9_90, 4_95]


@pytest.fixture(scope="module")
def bills_and_write(
    tmp_path_factory: pytest.TempPathFactory, settings_of_rails: object
) -> tuple[WechatPayBills, Write]:
    config: WechatPayConfig = settings_of_rails.wechat_pay  # type: ignore[attr-defined] # typed where it is made
    folder = tmp_path_factory.mktemp("bills")

    def written(*lines: str) -> Path:
        path = folder / "bill.csv"
        content = "\r\n".join(lines).replace("{mchid}", config.mchid).replace("{state}", "SUCCESS")
        path.write_text(content + "\r\n", encoding="utf-8", newline="")
        return path

    return WechatPayBills(config), written


def test_the_bill_of_payments_only_has_no_columns_of_refunds(bills: WechatPayBills, write: Write) -> None:
    names = ALL.split(",")
    kept = [name for name in names if "退款" not in name]
    values = dict(zip(names, PAID.split(","), strict=True))
    path = write(
        ",".join(kept), ",".join(values[name] for name in kept), SUMMARY, "`1,`9.40,`0.00,`0.00,`0.05940,`9.90,`0.00"
    )
    assert read(bills, path)["number"].to_list() == ["PAYMENT001"]


def test_the_bill_of_refunds_has_two_columns_more(bills: WechatPayBills, write: Write) -> None:
    header = ALL.replace("代金券金额,", "代金券金额,退款申请时间,退款成功时间,")
    values = REFUNDED.split(",")
    values[14:14] = ["`2026-09-24 23:59:59", "`2026-09-25 00:01:00"]
    path = write(header, ",".join(values), SUMMARY, "`1,`0.00,`4.50,`0.00,`-0.02970,`0.00,`4.95")
    assert read(bills, path)["amount_minor"].to_list() == [4_95]


def test_an_older_bill_without_gross_amounts_is_read_by_what_it_has(bills: WechatPayBills, write: Write) -> None:
    names = ALL.split(",")
    kept = [name for name in names if name not in {"订单金额", "申请退款金额", "费率备注"}]
    lines = [
        ",".join(dict(zip(names, line.split(","), strict=True))[name] for name in kept) for line in (PAID, REFUNDED)
    ]
    summary = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额"
    path = write(",".join(kept), *lines, summary, "`2,`9.40,`4.50,`0.00,`0.02970")
    assert read(bills, path)["amount_minor"].to_list() == [9_40, 4_50]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ((ALL, PAID, REFUNDED), "summary"),
        ((ALL, PAID, SUMMARY, TOTALS), "summary"),
        ((ALL, PAID, PAID, REFUNDED, SUMMARY, TOTALS), "summary"),
        ((ALL, PAID, REFUNDED, SUMMARY), "summary"),
        ((ALL, PAID, REFUNDED, SUMMARY, "`2,`9.40,`4.50,`0.00,`0.02971,`9.90,`4.95"), "summary"),
        ((ALL, PAID, REFUNDED, SUMMARY, "`2,`9.40,`4.50,`0.00,`0.02970,`9.91,`4.95"), "summary"),
        ((ALL, PAID, REFUNDED[:80], SUMMARY, TOTALS), "line"),
        ((ALL, PAID.replace("`9.90", "`nine"), REFUNDED, SUMMARY, TOTALS), "line"),
        ((ALL, PAID.replace("`9.90", "`9.905"), REFUNDED, SUMMARY, TOTALS), "line"),
        ((ALL, PAID.replace("`9.90", "`-9.90"), REFUNDED, SUMMARY, TOTALS), "line"),
        ((ALL, PAID.replace("SUCCESS", "NEWSTATE"), REFUNDED, SUMMARY, TOTALS), "line"),
        ((ALL, PAID.replace("10:00:00", "25:00:00"), REFUNDED, SUMMARY, TOTALS), "line"),
        ((ALL, f"{PAID},`more", REFUNDED, SUMMARY, TOTALS), "line"),
        ((ALL, PAID.replace("2026-09-24", "2026-09-23"), REFUNDED, SUMMARY, TOTALS), "another day"),
        ((ALL, PAID.replace("{mchid}", "1900000002"), REFUNDED, SUMMARY, TOTALS), "another merchant"),
        ((ALL, PAID.replace("CNY", "USD"), REFUNDED, SUMMARY, TOTALS), "yuan"),
        ((ALL.replace("手续费", "别的"), PAID, REFUNDED, SUMMARY, TOTALS), "no column"),
        (("",), "no column"),
    ],
)
def test_what_is_torn_doubled_changed_or_somebody_elses_is_refused(
    bills: WechatPayBills, write: Write, lines: tuple[str, ...], problem: str
) -> None:
    assert problem in problem_of(bills, write(*lines))


def test_a_refund_state_that_nobody_knows_is_refused(bills: WechatPayBills, write: Write) -> None:
    assert "line" in problem_of(bills, write(ALL, PAID, REFUNDED, SUMMARY, TOTALS, state="NEWSTATE"))


def test_a_zip_that_ends_too_early_is_refused(bills: WechatPayBills, write: Write) -> None:
    path = write(ALL, PAID, REFUNDED, SUMMARY, TOTALS, zipped=True)
    path.write_bytes(path.read_bytes()[:-20])
    assert "torn" in problem_of(bills, path)


@given(st.binary(max_size=200))
def test_noise_is_refused_and_nothing_else_is_raised(
    bills_and_write: tuple[WechatPayBills, Write], noise: bytes
) -> None:
    bills, write = bills_and_write
    path = write("")
    path.write_bytes(noise)
    assert problem_of(bills, path)
    path.write_bytes(f"{ALL}\r\n".encode() + noise)
    assert problem_of(bills, path)


def test_a_bill_longer_than_one_piece_is_read_whole(
    bills: WechatPayBills, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fenqi.channels.wechat_pay.bills.CHUNK_BYTES", 500)
    lines = [PAID.replace("PAYMENT001", f"PAYMENT{number:03}") for number in range(200)]
    totals = "`200,`1880.00,`0.00,`0.00,`11.88000,`1980.00,`0.00"
    frames = list(bills.read_bill(write(ALL, *lines, SUMMARY, totals), day=DAY))
    assert len(frames) > 1
    assert pl.concat(frames)["number"].n_unique() == 200


@pytest.mark.usefixtures("next_day")
class TestFetching:
    """Over HTTP, a day later."""

    def test_it_is_a_source_of_bills(self, bills: WechatPayBills) -> None:
        assert isinstance(bills, BillSource)

    def test_the_file_is_fetched_checked_and_holds_the_day(
        self, bills: WechatPayBills, refunded: RefundRequest, today: date, tmp_path: Path
    ) -> None:
        path = bills.fetch_bill(today, folder=tmp_path)
        assert path
        lines = read(bills, path, today)
        paid = lines.row(by_predicate=pl.col("number") == refunded.charge.out_trade_no, named=True)
        given_back = lines.row(by_predicate=pl.col("number") == refunded.out_request_no, named=True)
        assert (paid["kind"], paid["amount_minor"], paid["fee_minor"]) == ("payment", 384_04, 2_30)
        assert (given_back["kind"], given_back["amount_minor"], given_back["fee_minor"]) == ("refund", 100_00, -60)
        assert (given_back["original_no"], given_back["state"]) == (refunded.charge.out_trade_no, "succeeded")

    def test_a_day_without_a_line_has_no_bill(self, bills: WechatPayBills, today: date, tmp_path: Path) -> None:
        assert bills.fetch_bill(today - timedelta(days=30), folder=tmp_path) is None

    def test_a_day_that_is_not_over_is_not_ready(self, bills: WechatPayBills, today: date, tmp_path: Path) -> None:
        with pytest.raises(BillNotReady):
            bills.fetch_bill(today + timedelta(days=1), folder=tmp_path)

    @pytest.mark.parametrize(("kind", "raised"), [("creating", BillNotReady), ("hang", NoAnswer), ("reset", NoAnswer)])
    def test_what_is_not_answered_is_asked_for_later(
        self,
        bills: WechatPayBills,
        sandbox: Sandbox,
        today: date,
        tmp_path: Path,
        *,
        kind: str,
        raised: type[Exception],
    ) -> None:
        sandbox.order("bill", kind, channel="wechat_pay")
        with pytest.raises(raised):
            bills.fetch_bill(today, folder=tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_an_empty_day_on_demand(self, bills: WechatPayBills, sandbox: Sandbox, today: date, tmp_path: Path) -> None:
        sandbox.order("bill", "empty", channel="wechat_pay")
        assert bills.fetch_bill(today, folder=tmp_path) is None

    @pytest.mark.parametrize("kind", ["torn", "other_day"])
    def test_a_spoilt_bill_is_refused(
        self,
        bills: WechatPayBills,
        sandbox: Sandbox,
        today: date,
        *,
        tmp_path: Path,
        kind: str,
    ) -> None:
        sandbox.order("bill", kind, channel="wechat_pay")
        path = bills.fetch_bill(today, folder=tmp_path)
        assert path
        assert problem_of(bills, path, today)

    @pytest.mark.parametrize(("kind", "more"), [("missing_row", -1), ("extra_row", 1), ("doubled_row", 1), ("bom", 0)])
    def test_a_bill_with_wrong_rows_is_read_as_it_stands(
        self,
        bills: WechatPayBills,
        sandbox: Sandbox,
        today: date,
        *,
        tmp_path: Path,
        kind: str,
        more: int,
    ) -> None:
        right = bills.fetch_bill(today, folder=tmp_path)
        assert right
        count = read(bills, right, today).height
        sandbox.order("bill", kind, channel="wechat_pay")
        wrong = bills.fetch_bill(today, folder=tmp_path)
        assert wrong
        assert read(bills, wrong, today).height == count + more

    def test_an_unreachable_gateway_is_said_to_be(self, wechat_config: WechatPayConfig, tmp_path: Path) -> None:
        with pytest.raises(NotSent):
            WechatPayBills(replace(wechat_config, gateway="http://127.0.0.1:9")).fetch_bill(DAY, folder=tmp_path)

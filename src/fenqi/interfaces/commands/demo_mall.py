"""The sample mall: a dozen invented customers and what they bought, told relative to the day it is loaded.

Nobody in it exists; the phone numbers are of a range that no operator gives out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MALL = "木棉商城"
RETURN_ADDRESS = "示例市木棉区退货路 1 号，木棉商城退货仓（收）"
HOTLINE = "400-000-0417"
"""Invented, as everybody here."""


@dataclass(frozen=True, slots=True)
class Person:
    ref: str
    name: str
    phone: str
    language: str = "zh-hans"


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    name: str
    category: str
    price_minor: int
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """One order. `days_ago` is when it was placed; a plan's first bill falls by its terms from the day after approval.

    `repaid` counts the installments repaid on their due days; `late` repays one more so many days late; `attempt`
    leaves a payment at the channel in that state.
    """

    by: str
    product: str
    days_ago: int
    terms: str | None = None
    status: str = "delivered"
    quantity: int = 1
    discount_minor: int = 0
    repaid: int = 0
    late: int | None = None
    settled: bool = False
    attempt: str | None = None
    sales_channel: str = "OFFICIAL"
    extra: tuple[str, ...] = field(default=())


PEOPLE = (
    Person("MM-80417", "陈小云", "17000000417"),
    Person("MM-80418", "林予安", "17000000418"),
    Person("MM-80419", "王建国", "17000000419"),
    Person("MM-80420", "张一", "17000000420"),
    Person("MM-80421", "欧阳若曦", "17000000421"),
    Person("MM-80422", "赵敏", "17000000422"),
    Person("MM-80423", "Emma Clarke", "17000000423", "en"),
    Person("MM-80424", "周子墨", "17000000424"),
    Person("MM-80425", "吴佳", "17000000425"),
    Person("MM-80426", "郑海", "17000000426"),
    Person("MM-80427", "孙丽华", "17000000427"),
    Person("MM-80428", "何静", "17000000428"),
)

PRODUCTS = {
    product.sku: product
    for product in (
        Product("QY-X2-256", "青屿 X2 手机 12GB+256GB 雾青", "phone", 429_900),
        Product("QY-X2-512", "青屿 X2 手机 12GB+512GB 墨黑", "phone", 489_900),
        Product("QY-PAD11", "青屿 Pad 11 平板电脑", "tablet", 299_900),
        Product("QY-BUDS3", "青屿 Buds 3 耳机", "audio", 39_900),
        Product("KQ-4PRO", "空气净化器 4 Pro", "home", 119_400),
        Product("SD-R5", "扫地机器人 R5", "home", 259_900),
        Product("TV-65Q", "65 英寸量子点电视", "tv", 399_900),
        Product("NB-AIR14", "轻薄笔记本 Air 14", "computer", 599_900),
        Product("XY-D10", "滚筒洗衣机 D10", "home", 219_900),
        Product("BX-420", "对开门冰箱 420L", "home", 349_900),
        Product("DT-NAME", "定制刻字保温杯", "custom", 15_900, ("custom",)),
        Product("VIP-YEAR", "影音会员年卡", "virtual", 19_800, ("virtual",)),
    )
}

_LATE_FEE: Mapping[str, Any] = {"daily_rate": "0.05", "base": "overdue_principal", "cap_percent": "20"}
_MONTHLY: Mapping[str, Any] = {
    "every": 1,
    "unit": "month",
    "grace_days": 3,
    "late_fee": _LATE_FEE,
    "rounding": "half_up",
}

TERMS: Mapping[str, Mapping[str, Any]] = {
    "12 interest-free": {**_MONTHLY, "installments": 12, "method": "interest_free"},
    "6 interest-free": {**_MONTHLY, "installments": 6, "method": "interest_free"},
    "3 interest-free": {**_MONTHLY, "installments": 3, "method": "interest_free"},
    "12 by fee": {**_MONTHLY, "installments": 12, "method": "flat_fee", "fee_rate": "0.6"},
    "24 by fee": {**_MONTHLY, "installments": 24, "method": "flat_fee", "fee_rate": "0.6"},
    "12 equal": {**_MONTHLY, "installments": 12, "method": "equal_installment", "annual_rate": "12"},
    "12 falling": {**_MONTHLY, "installments": 12, "method": "equal_principal", "annual_rate": "12"},
    "6 after a quarter down": {
        **_MONTHLY,
        "installments": 6,
        "method": "interest_free",
        "down_payment": {"percent": "25"},
    },
    "8 weekly": {**_MONTHLY, "installments": 8, "unit": "week", "method": "interest_free"},
}

ORDERS = (
    # 陈小云: one bill in its grace, one due soon, a plan that has just begun, and things paid at once
    Bought(by="MM-80417", product="QY-X2-256", days_ago=149, terms="12 by fee", repaid=4),
    Bought(by="MM-80417", product="KQ-4PRO", days_ago=94, terms="6 interest-free", repaid=2),
    Bought(by="MM-80417", product="QY-PAD11", days_ago=20, terms="6 interest-free"),
    Bought(by="MM-80417", product="QY-BUDS3", days_ago=12),
    Bought(by="MM-80417", product="DT-NAME", days_ago=3, status="shipped"),
    # 林予安: the outcome of a repayment is not known
    Bought(by="MM-80418", product="QY-X2-512", days_ago=90, terms="12 equal", repaid=2, attempt="unknown"),
    Bought(by="MM-80418", product="TV-65Q", days_ago=300, terms="6 interest-free", repaid=6),
    Bought(by="MM-80418", product="VIP-YEAR", days_ago=40),
    # 王建国: overdue, and a repayment that failed
    Bought(by="MM-80419", product="SD-R5", days_ago=102, terms="6 interest-free", repaid=2, attempt="failed"),
    Bought(by="MM-80419", product="XY-D10", days_ago=200, terms="12 interest-free", repaid=5),
    Bought(by="MM-80419", product="QY-BUDS3", days_ago=190, quantity=2, discount_minor=5_000),
    # 张一: everything settled
    Bought(by="MM-80420", product="NB-AIR14", days_ago=400, terms="12 interest-free", repaid=12),
    Bought(by="MM-80420", product="KQ-4PRO", days_ago=170, terms="12 by fee", repaid=3, settled=True),
    Bought(by="MM-80420", product="QY-PAD11", days_ago=130, terms="3 interest-free", repaid=3),
    # 欧阳若曦: a down payment, equal principal, and an order that never left
    Bought(by="MM-80421", product="BX-420", days_ago=65, terms="6 after a quarter down", repaid=3),
    Bought(by="MM-80421", product="NB-AIR14", days_ago=35, terms="12 falling", repaid=1),
    Bought(by="MM-80421", product="TV-65Q", days_ago=8, status="cancelled"),
    Bought(by="MM-80421", product="QY-BUDS3", days_ago=1, status="placed"),
    # 赵敏: weekly bills
    Bought(by="MM-80422", product="QY-BUDS3", days_ago=30, terms="8 weekly", repaid=4),
    Bought(by="MM-80422", product="KQ-4PRO", days_ago=210, terms="3 interest-free", repaid=2),
    Bought(by="MM-80422", product="VIP-YEAR", days_ago=60),
    # Emma Clarke reads English
    Bought(by="MM-80423", product="QY-X2-512", days_ago=125, terms="24 by fee", repaid=4),
    Bought(by="MM-80423", product="SD-R5", days_ago=59, terms="3 interest-free", repaid=1),
    Bought(by="MM-80423", product="QY-BUDS3", days_ago=15, extra=("DT-NAME",)),
    # 周子墨: bought on a partner platform; a bill falls due today
    Bought(by="MM-80424", product="QY-X2-256", days_ago=61, terms="8 weekly", repaid=7, sales_channel="PARTNER"),
    Bought(by="MM-80424", product="XY-D10", days_ago=28, terms="6 interest-free"),
    Bought(by="MM-80424", product="QY-PAD11", days_ago=5, status="shipped"),
    # 吴佳: repaid late, once
    Bought(by="MM-80425", product="NB-AIR14", days_ago=160, terms="12 equal", repaid=3, late=5),
    Bought(by="MM-80425", product="QY-BUDS3", days_ago=100, terms="3 interest-free", repaid=3),
    Bought(by="MM-80425", product="KQ-4PRO", days_ago=2, status="approved", terms="6 interest-free"),
    # 郑海: far behind
    Bought(by="MM-80426", product="TV-65Q", days_ago=190, terms="12 by fee", repaid=2),
    Bought(by="MM-80426", product="QY-X2-256", days_ago=150, terms="12 interest-free", repaid=1),
    Bought(by="MM-80426", product="DT-NAME", days_ago=45),
    # 孙丽华: a cashier that was left open and closed
    Bought(by="MM-80427", product="BX-420", days_ago=55, terms="12 by fee", repaid=1, attempt="closed"),
    Bought(by="MM-80427", product="SD-R5", days_ago=250, terms="6 interest-free", repaid=6),
    Bought(by="MM-80427", product="QY-PAD11", days_ago=33, terms="3 interest-free", repaid=1),
    # 何静: new here, and an order that could not be had
    Bought(by="MM-80428", product="QY-X2-256", days_ago=4, terms="12 interest-free", status="shipped"),
    Bought(by="MM-80428", product="QY-X2-512", days_ago=6, status="unavailable"),
    Bought(by="MM-80428", product="QY-BUDS3", days_ago=0, status="placed"),
    Bought(by="MM-80428", product="VIP-YEAR", days_ago=2),
)

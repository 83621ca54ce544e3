"""Papers are drawn whatever stands in them."""

import pytest

from fenqi.interfaces.shared.papers import Column, Paper, Table
from fenqi.interfaces.shared.voucher_pdf import draw
from pdf_texts import text_of

NAMES = tuple(f"第{number}件·{'青屿亚麻长袖衬衫大码浅蓝' * 8}" for number in range(60))


@pytest.mark.parametrize("place", ["facts", "table"])
def test_a_row_that_is_taller_than_a_sheet_goes_on_on_the_next(place: str) -> None:
    goods = "、".join(NAMES)
    table = Table(
        title="商品", columns=(Column(name="商品", share=1), Column(name="备注", share=1)), rows=((goods, "无"),)
    )
    drawn = draw(
        Paper(
            issuer="青屿商城",
            title="退款凭证",
            answer="已退款",
            facts=(("商品", goods),) if place == "facts" else (("订单", "D1"),),
            tables=(table,) if place == "table" else (),
        )
    )
    told = text_of(drawn)
    assert told.count("衫") == goods.count("衫")
    assert told.index("第0件") < told.index("第59件")

"""Searching a few dozen pages in Chinese and English: pairs of characters and words, with words that mean the same.

Chinese is not parted by blanks, so a run of it is cut into overlapping pairs (退款到账: 退款, 款到, 到账), which
finds what contains it without a dictionary. Words that people use for one thing count as one: the vocabulary below is
short and known, so it is written down rather than learned.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LONGEST_QUERY: Final = 80
_SHORT = 3
_WORD = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]+")

SAME: Final[Sequence[frozenset[str]]] = (
    frozenset({"退款", "退钱", "退回", "到账", "refund", "refunded", "money back", "return"}),
    frozenset({"退货", "退换", "无理由", "售后", "return", "returns", "send back", "exchange", "换货"}),
    frozenset({"备用金", "押金", "冻结", "解冻", "reserve", "deposit", "hold", "frozen"}),
    frozenset({"差价", "降价", "保价", "价保", "便宜", "price", "cheaper", "discount", "difference"}),
    frozenset(
        {"还款", "账单", "分期", "月供", "repay", "repayment", "repaying", "bill", "bills", "installment", "pay"}
    ),
    frozenset(
        {
            "失败",
            "没还成",
            "扣不了",
            "没扣成",
            "还不上",
            "余额不足",
            "限额",
            "failed",
            "fail",
            "failure",
            "declined",
            "error",
        }
    ),
    frozenset({"入口", "在哪还", "找不到", "哪里还", "entry", "where", "closed", "app"}),
    frozenset({"逾期", "违约金", "滞纳金", "罚息", "征信", "overdue", "late", "fee", "credit"}),
    frozenset({"自动扣款", "代扣", "自动还款", "auto", "debit", "automatic"}),
    frozenset({"登录", "验证码", "手机号", "换号", "sign", "login", "code", "phone"}),
    frozenset(
        {"客服", "电话", "人工", "投诉", "联系", "agent", "support", "hotline", "complain", "complaint", "contact"}
    ),
    frozenset({"诈骗", "骗子", "真假", "假客服", "短信", "fraud", "scam", "phishing", "fake"}),
    frozenset({"发票", "凭证", "证明", "voucher", "receipt", "proof", "statement"}),
)


@dataclass(frozen=True, slots=True)
class Page:
    """What is searched: both languages at once, so that whoever asks in the other one finds it, too."""

    code: str
    titles: tuple[str, ...]
    headings: tuple[str, ...]
    texts: tuple[str, ...]


def found(query: str, pages: Iterable[Page]) -> tuple[str, ...]:
    """The codes of the pages that fit, the best first; the same query always gives the same order."""
    asked = _meant(query[:LONGEST_QUERY].lower())
    if not asked:
        return ()
    scores = {page.code: _score(asked, page) for page in pages}
    best = max(scores.values(), default=0.0)
    fitting = [code for code, score in scores.items() if score >= max(1.0, best / 4)]
    return tuple(sorted(fitting, key=lambda code: (-scores[code], code)))


def _meant(query: str) -> Mapping[str, float]:
    """What was asked for with its weight: the words themselves, and at less what means the same."""
    weights: dict[str, float] = dict.fromkeys(pieces(query), 1.0)
    for group in SAME:
        if any(_has(query, word) for word in group):
            for word in group:
                for piece in pieces(word):
                    weights[piece] = max(weights.get(piece, 0.0), 0.5)
    return weights


def _has(query: str, word: str) -> bool:
    """Whole words in Latin, anywhere in Chinese."""
    if word.isascii():
        return re.search(rf"\b{re.escape(word)}\b", query) is not None
    return word in query


def _score(asked: Mapping[str, float], page: Page) -> float:
    """Title counts most, then headings, then the text; often in the text counts a little more."""
    titles, headings, texts = (Counter(pieces(" ".join(part))) for part in (page.titles, page.headings, page.texts))
    return sum(
        weight * (6 * bool(titles[piece]) + 3 * bool(headings[piece]) + min(texts[piece], 4) * 0.5)
        for piece, weight in asked.items()
    )


def pieces(text: str) -> tuple[str, ...]:
    """Latin words whole, without a plural's s; Chinese in pairs, a lone character as it is."""
    cut: list[str] = []
    for run in _WORD.findall(text.lower()):
        if run.isascii():
            cut.append(run.removesuffix("s") if len(run) > _SHORT else run)
        else:
            cut += [run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]
    return tuple(cut)

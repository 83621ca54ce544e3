"""The customers of a simulated year: who they are and how they are, drawn from the seed. Nobody in it exists.

The phone numbers are of a range that no operator gives out.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stdnum import luhn

from fenqi.interfaces.commands.demo_year.seeds import chance, picked

FIRST_REF: Final = "NM-10001"
"""Of the first customer; whoever finds it knows that a year was simulated here."""

_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁沈任姚卢"
)
_GIVEN: Final = (  # noqa: SIM905 - a list of a hundred lines tells less
    "子涵 雨桐 浩然 欣怡 梓轩 诗涵 宇航 可馨 明轩 佳琪 俊杰 思远 静怡 志强 丽娟 建华 秀英 国栋 晓燕 文博 "
    "雪梅 海波 玉兰 一鸣 若曦 天佑 婉清 亦凡 晨曦 嘉懿 书瑶 景行 知夏 乐安 沐阳 清越 芷若 星河 磊 敏 静 伟 芳 "
    "娜 强 洋 艳 勇 杰 娟 涛 超 霞 平 刚 桂英 梅 鹏 斌 玲 慧 琳 倩 薇 蕾 楠 宁 岚 帆 远 舟 彤 晴 越 岩"
).split()
_ENGLISH: Final = (  # noqa: SIM905 - as above
    "Oliver Hayes,Amelia Stone,James Whitfield,Sofia Marino,Lucas Meyer,Chloe Bennett,Daniel Okafor,Grace Holloway,"
    "Noah Fischer,Isla Murray,Priya Nair,Thomas Leclerc,Hannah Weiss,Marco Silva,Ruby Carter,Ethan Park,"
    "Nora Lindqvist,Samuel Osei,Clara Jensen,Leo Tanaka"
).split(",")
_ENGLISH_SHARE: Final = 0.08
_FIRST_PHONE: Final = 17_000_010_001
_DEBIT_PREFIXES: Final = ("621486", "622202", "621700", "622848")
_CARD_DIGITS: Final = 16


class Manner(StrEnum):
    """How somebody repays."""

    EARLY = "early"
    PROMPT = "prompt"
    FORGETFUL = "forgetful"
    PIECEMEAL = "piecemeal"
    AUTOMATIC = "automatic"
    STRUGGLING = "struggling"


MANNERS: Final = {
    Manner.EARLY: 18,
    Manner.PROMPT: 34,
    Manner.FORGETFUL: 16,
    Manner.PIECEMEAL: 6,
    Manner.AUTOMATIC: 18,
    Manner.STRUGGLING: 8,
}
_METHODS: Final = {"alipay": 45, "wechat_pay": 37, "bank_card": 18}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`favourite` is the channel that is paid by first; shares are probabilities, from 0 to 1."""

    n: int
    name: str
    english: bool
    manner: Manner
    favourite: str
    clumsy: float
    """How often a payment fails at first."""
    double: float
    """How often the same bill is paid from a second device."""
    fussy: float
    """How often something bought goes back."""
    talkative: float
    """How often a failure, or a bill, leads to a conversation."""
    changes_phone: bool

    @property
    def ref(self) -> str:
        return f"NM-{10_000 + self.n}"

    @property
    def language(self) -> str:
        return "en" if self.english else "zh-hans"

    @property
    def phone(self) -> str:
        return str(_FIRST_PHONE + 2 * self.n)

    @property
    def second_phone(self) -> str:
        """The number after the phone was changed."""
        return str(_FIRST_PHONE + 2 * self.n + 1)

    @property
    def card_number(self) -> str:
        """An invented debit card."""
        prefix = _DEBIT_PREFIXES[self.n % len(_DEBIT_PREFIXES)]
        body = f"{prefix}{self.n:0{_CARD_DIGITS - 1 - len(prefix)}}"
        return body + luhn.calc_check_digit(body)


def person(n: int, *, seed: int) -> Person:
    """The customer with that number, from 1 on."""
    draw = chance("person", seed, n)
    english = draw.random() < _ENGLISH_SHARE
    surname, given = draw.choice(_SURNAMES), draw.choice(_GIVEN)
    manner = picked(draw, MANNERS)
    return Person(
        n=n,
        name=draw.choice(_ENGLISH) if english else surname + given,
        english=english,
        manner=manner,
        favourite=picked(draw, _METHODS),
        clumsy=draw.choice((0.04, 0.08, 0.15, 0.3)) + (0.35 if manner is Manner.STRUGGLING else 0),
        double=draw.choice((0, 0, 0.01, 0.06)),
        fussy=draw.choice((0.04, 0.08, 0.15, 0.4)),
        talkative=draw.choice((0.05, 0.1, 0.3)),
        changes_phone=draw.random() < 0.08,  # noqa: PLR2004 - one in twelve
    )


def people(count: int, *, seed: int) -> tuple[Person, ...]:
    return tuple(person(n, seed=seed) for n in range(1, count + 1))

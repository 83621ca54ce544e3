"""Every text of the pages has a Chinese translation that says the same of the same things."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import fenqi.interfaces

INTERFACES = Path(fenqi.interfaces.__file__).parent
PLACEHOLDER = re.compile(r"%\(\w+\)s|<[^>]+>")
ROOMS = ("portal", "shared")
DJANGO_WORD = re.compile(r"{%\s*(?:translate|trans)\s+(\"[^\"]+\"|'[^']+')")
DJANGO_BLOCK = re.compile(r"{%\s*blocktranslate\b[^%]*?%}(.*?){%\s*endblocktranslate\s*%}", re.DOTALL)


def catalog(room: str) -> Catalog:
    with (INTERFACES / room / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale="zh_Hans")


def messages(room: str) -> list[Message]:
    return [message for message in catalog(room) if message.id]


def first(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def texts_used(room: str) -> set[str]:
    """What templates and modules ask to have translated; of a plural, its first form."""
    used: set[str] = set()
    for file in (INTERFACES / room).rglob("*.html"):
        source = file.read_text()
        used |= {word[1:-1] for word in DJANGO_WORD.findall(source)}
        for block in DJANGO_BLOCK.findall(source):
            singular = re.split(r"{%\s*plural\s*%}", block)[0]
            used.add(re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", singular))
    for _file, _line, text, _comments, _context in extract_from_dir(
        str(INTERFACES / room), method_map=[("**.py", "python")]
    ):
        used.add(first(text))
    return used


@pytest.mark.requirement("R184")
@pytest.mark.parametrize("room", ROOMS)
def test_every_text_is_translated(room: str) -> None:
    translated = {first(message.id) for message in messages(room) if all(message.string or [""])}
    assert texts_used(room) - translated == set()


@pytest.mark.parametrize("room", ROOMS)
def test_no_translation_is_left_over_or_unsure(room: str) -> None:
    assert {first(message.id) for message in messages(room)} - texts_used(room) == set()
    assert [message.id for message in messages(room) if message.fuzzy] == []


@pytest.mark.parametrize("room", ROOMS)
def test_placeholders_and_marks_are_the_same(room: str) -> None:
    for message in messages(room):
        for text in [message.string] if isinstance(message.string, str) else message.string or ():
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(first(message.id))), message.id

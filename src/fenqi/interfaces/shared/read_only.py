"""A page of ours as something to look at: its main part, without anything that could be pressed or sent."""

from html import escape
from html.parser import HTMLParser
from typing import Final

_EMPTY: Final = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr", "use"})
_LEFT_OUT: Final = frozenset({"script", "style", "noscript", "link", "meta", "base"})
_AS_SPAN: Final = frozenset({"a", "button"})
_AS_DIV: Final = frozenset({"form", "main"})
_KEPT_PREFIXES: Final = ("aria-", "data-tone")
_KEPT: Final = frozenset(
    {"class", "viewbox", "width", "height", "d", "x", "y", "lang", "value", "type", "checked", "disabled", "open"}
    | {"colspan", "rowspan", "scope", "role", "fill", "stroke", "points", "r", "cx", "cy", "x1", "x2", "y1", "y2"}
)


class _Reader(HTMLParser):
    """Copies what is inside `main`; links, buttons and forms become plain boxes, ids and addresses go."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.depth = 0
        self.left_out = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _LEFT_OUT:
            self.left_out += tag not in _EMPTY
            return
        if tag == "main":
            self.depth += 1
        if not self.depth or self.left_out:
            return
        if tag == "input" and dict(attrs).get("type") == "hidden":
            return
        kept = [(name, value or "") for name, value in attrs if _is_kept(tag, name)]
        if tag in ("input", "textarea", "select"):
            kept.append(("disabled", ""))
        written = "".join(f' {name}="{escape(value)}"' for name, value in kept)
        self.out.append(f"<{_shown_as(tag)}{written}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _LEFT_OUT:
            self.left_out -= tag not in _EMPTY
            return
        if self.depth and not self.left_out and tag not in _EMPTY:
            self.out.append(f"</{_shown_as(tag)}>")
        if tag == "main":
            self.depth -= 1

    def handle_data(self, data: str) -> None:
        if self.depth and not self.left_out:
            self.out.append(escape(data))


def main_part(page: str) -> str:
    """The main part of a page as HTML without links, forms, scripts and ids. All text is escaped anew."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return "".join(reader.out)


def _shown_as(tag: str) -> str:
    return "span" if tag in _AS_SPAN else "div" if tag in _AS_DIV else tag


def _is_kept(tag: str, name: str) -> bool:
    if tag == "use":
        return name == "href"  # an icon of our own sheet
    return name in _KEPT or name.startswith(_KEPT_PREFIXES)

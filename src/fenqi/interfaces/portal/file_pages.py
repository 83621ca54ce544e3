"""The pages inside an archive that people read: an index in each language, and the records of the order as a sheet."""

from collections.abc import Iterator

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from fenqi.interfaces.portal.statement import statement_csv, statement_paper
from fenqi.interfaces.portal.vouchers import mall_name
from fenqi.usecases.vouchers.archive import Part, listed
from fenqi.usecases.vouchers.dispute_file import Contents

LANGUAGES = {"zh": "zh-hans", "en": "en"}


def pages_of(contents: Contents) -> list[Part]:
    """The same contents give the same pages."""
    return [part for name, language in LANGUAGES.items() for part in _pages(contents, name, language)]


def _pages(contents: Contents, name: str, language: str) -> Iterator[Part]:
    with override(language):
        context = {
            "language": language,
            "issuer": mall_name(),
            "title": _("Dispute file") if contents.statement else _("All your data"),
            "about": contents.about,
            "as_of": contents.as_of,
            "paper": statement_paper(contents.statement) if contents.statement else None,
            "files": [listed(part) for part in sorted(contents.parts, key=lambda part: part.path)],
        }
        yield Part(path=f"index.{name}.html", content=render_to_string("portal/file_index.html", context).encode())
        if contents.statement is not None:
            yield Part(path=f"records.{name}.csv", content=statement_csv(contents.statement).encode())

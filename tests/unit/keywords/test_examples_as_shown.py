"""What the keywords' documentation shows as an example is what must be typed."""

import html
import inspect
import re

import pytest
from robot.libdocpkg import LibraryDocumentation

from QMSLibrary import QMSLibrary

LIBRARY = QMSLibrary()
SHOWN = LibraryDocumentation("QMSLibrary")
SHOWN.convert_docs_to_html()
KEYWORDS = {name.replace("_", " ").title(): function for name, function in LIBRARY.keywords.items()}
PAGES = {
    **{one.name: (inspect.getdoc(KEYWORDS[one.name]), one.doc) for one in SHOWN.keywords},
    "introduction": (inspect.getdoc(QMSLibrary), SHOWN.doc),
    "importing": (inspect.getdoc(QMSLibrary.__init__), SHOWN.inits[0].doc),
}
HEADING = re.compile(r"\*{5} (.+) \*{5}")


def typed(source):
    """The example lines of a docstring. Robot's bold needs two asterisks of a table's heading and shows three."""
    lines = [line[2:] for line in source.splitlines() if line.startswith("| ") and not line.endswith(" |")]
    return [HEADING.sub(r"*** \1 ***", line).rstrip() for line in lines]


def shown(page):
    blocks = re.findall(r"<pre>\n?(.*?)</pre>", page, re.DOTALL)
    lines = [html.unescape(re.sub(r"<[^>]*>", "", line)).rstrip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_an_example_is_shown_as_it_must_be_typed(name):
    source, page = PAGES[name]
    assert typed(source)
    assert shown(page) == typed(source)

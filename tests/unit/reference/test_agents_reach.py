"""Which functions tests reach: by calling, by handing on, by what calls what."""

from __future__ import annotations

import pytest
from agents_made import change, pull_request

from QMSLibrary.reference.agents.files import FileKind, kind_of, module_names, needs_tests
from QMSLibrary.reference.agents.reading import Reading


def reached(*files: tuple[str, str]) -> set[str]:
    reading = Reading(pull_request(*(change(path, content) for path, content in files)))
    return {one.label for source in reading.sources for one, is_reached in source.functions if is_reached}


CASES = {
    "called": (
        {"a"},
        ("src/m.py", "def a():\n    return 1\n\n\ndef b():\n    return 2\n"),
        ("tests/test_m.py", "from src.m import a, b\n\n\ndef test_it():\n    assert a() == 1\n"),
    ),
    "through another function": (
        {"a", "b"},
        ("src/m.py", "def a():\n    return b()\n\n\ndef b():\n    return 2\n\n\ndef c():\n    return 3\n"),
        ("tests/test_m.py", "from src.m import a\n\n\ndef test_it():\n    assert a()\n"),
    ),
    "through another file": (
        {"a", "b"},
        ("src/m.py", "from src.n import b\n\n\ndef a():\n    return b()\n"),
        ("src/n.py", "def b():\n    return 2\n"),
        ("tests/test_m.py", "from src.m import a\n\n\ndef test_it():\n    assert a()\n"),
    ),
    "handed on": (
        {"a"},
        ("src/m.py", "def a():\n    return 1\n"),
        (
            "tests/test_m.py",
            "from src.m import a\n\n\n@pytest.mark.parametrize('f', [a])\ndef test_it(f):\n    assert f()\n",
        ),
    ),
    "same name in a file that is not imported": (
        {"get"},
        ("src/one.py", "def get():\n    return 1\n"),
        ("src/two.py", "def get():\n    return 2\n\n\ndef other():\n    return get()\n"),
        ("tests/test_one.py", "from src.one import get\n\n\ndef test_it():\n    assert get()\n"),
    ),
    "constructor and method": (
        {"Box.__init__", "Box.open"},
        (
            "src/m.py",
            "class Box:\n    def __init__(self):\n        self.a = 1\n\n    def open(self):\n        return self.a\n",
        ),
        ("tests/test_m.py", "from src.m import Box\n\n\ndef test_it():\n    assert Box().open()\n"),
    ),
    "property": (
        {"Box.size"},
        ("src/m.py", "class Box:\n    @property\n    def size(self):\n        return 1\n"),
        ("tests/test_m.py", "from src.m import Box\n\n\ndef test_it():\n    assert Box().size == 1\n"),
    ),
    "registered in a table": (
        {"a"},
        ("src/m.py", "def a():\n    return 1\n\n\nHANDLERS = {'a': a}\n"),
        ("tests/test_m.py", "from src import m\n\n\ndef test_it():\n    assert m.HANDLERS['a']()\n"),
    ),
    "by a fixture": (
        {"make_order_book"},
        ("src/m.py", "def make_order_book():\n    return 1\n"),
        (
            "tests/conftest.py",
            "from src.m import make_order_book\n\n\n@pytest.fixture\ndef book():\n    return make_order_book()\n",
        ),
        ("tests/test_m.py", "def test_it(book):\n    assert book\n"),
    ),
    "by a facade": (
        {"cancel_order"},
        ("src/inner/m.py", "def cancel_order():\n    return 1\n"),
        ("tests/test_m.py", "import shop\n\n\ndef test_it():\n    assert shop.cancel_order()\n"),
    ),
    "script": (
        {"add"},
        ("src/m.ts", "export function add(a: number) {\n  return a;\n}\nexport const sub = (a: number) => a;\n"),
        ("src/m.test.ts", "import { add } from './m';\nit('adds', () => expect(add(1)).toBe(1));\n"),
    ),
    "script class": (
        {"Box.constructor", "Box.open"},
        (
            "src/box.ts",
            "export class Box {\n  constructor(private a: A) {\n    this.b = a;\n  }\n"
            "  open() {\n    return 1;\n  }\n  shut() {\n    return 2;\n  }\n}\n",
        ),
        ("src/box.test.ts", "import { Box } from './box';\nit('opens', () => expect(new Box(a).open()).toBe(1));\n"),
    ),
    "script index": (
        {"add"},
        ("src/sums/index.ts", "export const add = (a: number) => {\n  return a;\n};\n"),
        ("test/sums.spec.ts", "import { add } from '../src/sums';\nit('adds', () => expect(add(1)).toBe(1));\n"),
    ),
    "component": (
        {"Note"},
        ("src/Note.tsx", "export function Note({ a }: P) {\n  return <p>{a}</p>;\n}\n"),
        (
            "src/Note.test.tsx",
            "import { Note } from './Note';\nit('shows', () => expect(render(<Note a='1' />)).toBeTruthy());\n",
        ),
    ),
    "required": (
        {"add"},
        ("lib/m.js", "function add(a) {\n  return a;\n}\nmodule.exports = { add };\n"),
        ("test/m.test.js", "const { add } = require('../lib/m');\nit('adds', () => expect(add(1)).toBe(1));\n"),
    ),
    "robot keyword": (
        {"Keywords.cancel_order"},
        ("lib/keywords.py", "class Keywords:\n    def cancel_order(self, name):\n        return name\n"),
        ("suites/orders.robot", "*** Test Cases ***\nOne Cancels\n    Cancel Order    A-1\n"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_reach(case: str) -> None:
    expected, *files = CASES[case]
    assert reached(*files) == expected


def test_a_name_in_a_comment_or_a_string_reaches_nothing() -> None:
    test = "from src import m\n\n\ndef test_it():\n    '''run_everything() is fine'''\n    # run_everything()\n"
    test += "    assert 'run_everything'\n"
    assert reached(("src/m.py", "def run_everything():\n    return 1\n"), ("tests/test_m.py", test)) == set()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/a.py", FileKind.SOURCE),
        ("src/testing_tools.py", FileKind.SOURCE),
        ("src/a.test.ts", FileKind.TEST),
        ("pkg/test_a.py", FileKind.TEST),
        ("pkg/a_test.py", FileKind.TEST),
        ("tests/data/a.json", FileKind.TEST),
        ("suites/a.robot", FileKind.TEST),
        ("docs/a.md", FileKind.DOCUMENTATION),
        ("README.rst", FileKind.DOCUMENTATION),
        ("package.json", FileKind.MANIFEST),
        ("node_modules/a/b.js", FileKind.GENERATED),
        ("src/a.min.js", FileKind.GENERATED),
        ("yarn.lock", FileKind.GENERATED),
        ("logo.png", FileKind.OTHER),
        ("Makefile", FileKind.OTHER),
        ("", FileKind.OTHER),
        ("src\\a.py", FileKind.SOURCE),
    ],
)
def test_kinds_of_files(path: str, kind: FileKind) -> None:
    assert kind_of(path) is kind


def test_which_sources_need_tests() -> None:
    assert needs_tests("src/a.py")
    assert not any(needs_tests(path) for path in ("setup.py", "vite.config.ts", "app/migrations/0001.py", "a.d.ts"))
    assert module_names("src/orders/index.ts") == ("orders", "orders")
    assert module_names("src/order.service.ts") == ("order.service", "src")
